// expect: an expression is read as a number while a function or layer is traced, .*abs\(x\) and not std::abs\(x\), x % x % x or exp\(y % log\(x\)\) for pow
// page: operators: A function of the standard library on the symbol of a number
// SPDX-License-Identifier: BSL-1.0
#include <cmath>
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 3>& x) {
#ifdef KNIT_WRONG
  auto r = diff([](auto x) { return std::sqrt(sum(square(x))); })(x);
#else
  auto r = diff([](auto x) { return sqrt(sum(square(x))); })(x);
#endif
  tensor dx = grad(r, x);
  (void)dx;
}
