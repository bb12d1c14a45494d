// expect: levenberg_marquardt takes a model whose value is the array of its residuals, and the value of this one is a number
// page: training: levenberg_marquardt of a loss
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>
#include <knit/nn/curve.hpp>
#include <knit/train/levenberg_marquardt.hpp>

using namespace knit;

template <class F> struct squares {
  BOOST_HANA_DEFINE_STRUCT(squares, (F, residuals));
  constexpr auto operator()(auto const& x, auto const& y) const { return sum(square(residuals(x, y))); }
};

void use(tensor<double, 14> const& x, tensor<double, 14> const& y) {
  auto model = make_curve([](auto x, auto a, auto b) { return a % exp(-b % x); }, 1, 0.5);
#ifdef KNIT_WRONG
  auto loss = squares<decltype(model)>{model};
  for (double sum : levenberg_marquardt(loss, x, y)) (void)sum;
#else
  for (double sum : levenberg_marquardt(model, x, y)) (void)sum;
#endif
}
