// expect: a function or layer cannot be called with these arguments \(1 given\)
// page: models and programs: A function called with fewer arguments than it has
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 3, 5>& w, tensor<float, 5>& x) {
  auto f = [](auto w, auto x) { return sum(square(w * x)); };
#ifdef KNIT_WRONG
  auto r = diff(f)(w);
#else
  auto r = diff(f)(w, x);
#endif
  float loss = value(r);
  w = w - grad(r, w) * loss;
  (void)x;
}
