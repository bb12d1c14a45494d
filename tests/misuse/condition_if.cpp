// expect: an expression of shape \(3\) is a condition, of if, .*write select\(c, a, b\)
// page: operators: if on an expression
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 3>& x) {
#ifdef KNIT_WRONG
  auto f = [](auto x) {
    if (x > 0) return sum(x);
    return sum(square(x));
  };
#else
  auto f = [](auto x) { return sum(select(x > 0, x, square(x))); };
#endif
  auto r = diff(f)(x);
  tensor dx = grad(r, x);
  (void)dx;
}
