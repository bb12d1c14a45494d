// expect: a reduction over axis 0, which is named twice; name each axis once
// page: operators: A sum over one axis twice
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 3, 5>& x) {
#ifdef KNIT_WRONG
  tensor y = sum<0, 0>(x);
#else
  tensor y = sum<0>(x);
#endif
  (void)y;
}
