// expect: an expression of shape \(3\) is assigned to an array while a function or layer is traced, .*parameters and variables are auto
// page: models and programs: A function whose parameters have types
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 3>& x) {
#ifdef KNIT_WRONG
  auto r = diff([](tensor<float, 3> const& x) { return sum(square(x)); })(x);
#else
  auto r = diff([](auto const& x) { return sum(square(x)); })(x);
#endif
  tensor dx = grad<0>(r);
  (void)dx;
}
