// expect: a function or layer returns neither an expression nor a number
// page: models and programs: A function that returns nothing
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 3>& x) {
#ifdef KNIT_WRONG
  auto r = diff([](auto x) { (void)sum(square(x)); })(x);
#else
  auto r = diff([](auto x) { return sum(square(x)); })(x);
#endif
  float loss = value(r);
  x = x - grad<0>(r) * loss;
}
