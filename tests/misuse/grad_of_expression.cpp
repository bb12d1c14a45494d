// expect: value and grad take what diff.f.*gives, and this is an expression or array
// page: models and programs: grad of an expression
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 5, 3>& w, tensor<float, 3>& x) {
#ifdef KNIT_WRONG
  tensor dw = grad(sum(w * x), w);
#else
  auto r = diff([](auto w, auto x) { return sum(w * x); })(w, x);
  tensor dw = grad(r, w);
#endif
  (void)dw;
}
