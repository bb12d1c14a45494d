// expect: a \* b: inner sizes differ, \(5x3\) \* \(5\)
// page: models and programs: A mistake within a function
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 3, 5>& w, tensor<float, 5>& x, tensor<float, 3>& b, float lr) {
#ifdef KNIT_WRONG
  auto r = diff([](auto w, auto x, auto b) { return sum(square(transpose(w) * x + b)); })(w, x, b);
#else
  auto r = diff([](auto w, auto x, auto b) { return sum(square(w * x + b)); })(w, x, b);
#endif
  float loss = value(r);
  tensor dw = grad(r, w);
  w = w - grad<0>(r) * lr;
  b = b - grad(r, b) * loss;
}
