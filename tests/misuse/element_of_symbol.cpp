// expect: an expression of shape \(3\) is asked for an element by 1 index, and only arrays have elements
// page: operators: An element of an expression
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 3>& x) {
#ifdef KNIT_WRONG
  auto r = diff([](auto x) { return x[0] + 2 * x[1]; })(x);
#else
  auto r = diff([](auto x) { return sum((coordinate_like<0>(x) == 0) % x + (coordinate_like<0>(x) == 1) % (2 * x)); })(x);
#endif
  tensor dx = grad(r, x);
  (void)dx;
}
