// expect: a function or layer is called with 17 arguments, and 16 are the most
// page: models and programs: A function of 17 arguments
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 3>& x) {
  auto f = [](auto... x) { return sum((x + ...)); };
#ifdef KNIT_WRONG
  auto r = diff(f)(x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x);
#else
  auto r = diff(f)(x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x);
#endif
  tensor dx = grad<0>(r);
  (void)dx;
}
