// expect: an expression of shape \(3\) is read as a number; .*abs\(x\) and not std::abs\(x\), x % x % x or exp\(y % log\(x\)\) for pow
// page: operators: A function of the standard library on an array
// SPDX-License-Identifier: BSL-1.0
#include <cmath>
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 3>& x) {
#ifdef KNIT_WRONG
  auto r = diff([](auto x) { return sum(std::abs(2 * x)); })(x);
#else
  auto r = diff([](auto x) { return sum(abs(2 * x)); })(x);
#endif
  tensor dx = grad(r, x);
  (void)dx;
}
