// expect: the function has 2 arguments, and number 2, counted from 0, is not one
// page: models and programs: grad by a position that is none
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 3, 5>& w, tensor<float, 5>& x) {
  auto r = diff([](auto w, auto x) { return sum(w * x); })(w, x);
#ifdef KNIT_WRONG
  tensor g = grad<2>(r);
#else
  tensor g = grad<1>(r);
#endif
  (void)g;
}
