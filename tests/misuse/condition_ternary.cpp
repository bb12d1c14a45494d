// expect: an expression of shape scalar is a condition, .*has no value while a function is traced; write select\(c, a, b\)
// page: operators: ?: on the symbol of a number
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float>& x) {
#ifdef KNIT_WRONG
  auto r = diff([](auto x) { return x > 0 ? 2 * x : 3 * x; })(x);
#else
  auto r = diff([](auto x) { return select(x > 0, 2 * x, 3 * x); })(x);
#endif
  float dx = grad(r, x);
  (void)dx;
}
