// expect: diff differentiates a function or a model, and this is an expression or array, which has forgotten
// page: models and programs: diff of an expression
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 5, 3>& w, tensor<float, 3>& x) {
#ifdef KNIT_WRONG
  auto r = diff(sum(w * x))(w);
#else
  auto r = diff([](auto w, auto x) { return sum(w * x); })(w, x);
#endif
  tensor dw = grad(r, w);
  (void)dw;
}
