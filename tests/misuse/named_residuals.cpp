// expect: levenberg_marquardt: the residuals have shape .batch<=14.; the compiler must know how many there are
// page: training: levenberg_marquardt of as many residuals as a batch has
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>
#include <knit/nn/curve.hpp>
#include <knit/train/levenberg_marquardt.hpp>

using namespace knit;

#ifdef KNIT_WRONG
using column = tensor<double, dyn<"batch", 14>>;
#else
using column = tensor<double, 14>;
#endif

double use(column const& x, column const& y) {
  auto line = make_curve([](auto x, auto a, auto b) { return a + b * x; }, 0, 1);
  double last = 0;
  for (double squares : levenberg_marquardt(line, x, y)) last = squares;
  return last;
}
