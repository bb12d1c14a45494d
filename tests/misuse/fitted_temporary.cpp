// expect: what is trained must outlive the range of its losses, and this array is a temporary; give it a name
// page: training: Fitting to a temporary
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>
#include <knit/nn/curve.hpp>
#include <knit/train/levenberg_marquardt.hpp>

using namespace knit;

double use(tensor<double, 14> const& x) {
  auto line = make_curve([](auto x, auto a, auto b) { return a + b * x; }, 0, 1);
  double last = 0;
#ifdef KNIT_WRONG
  for (double squares : levenberg_marquardt(line, x, tensor<double, 14>(1))) last = squares;
#else
  tensor<double, 14> const y(1);
  for (double squares : levenberg_marquardt(line, x, y)) last = squares;
#endif
  return last;
}
