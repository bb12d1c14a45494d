// expect: levenberg_marquardt takes a model whose value is the array of its residuals, and the value of this one is a number
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>
#include <knit/train/levenberg_marquardt.hpp>

using namespace knit;

template <class A> struct line {
  BOOST_HANA_DEFINE_STRUCT(line, (A, a));
  constexpr auto operator()(auto x, auto y) const {
#ifdef KNIT_WRONG
    return mean(square(a * x - y));
#else
    return a * x - y;
#endif
  }
};

double use(tensor<double, 14> const& x, tensor<double, 14> const& y) {
  line<tensor<double>> model{tensor<double>(0)};
  double last = 0;
  for (double squares : levenberg_marquardt(model, x, y)) last = squares;
  return last;
}
