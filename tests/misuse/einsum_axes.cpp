// expect: einsum<.*mk,knb->mnb.*>.a, b. of .5x7x3. and .7x4x3.: .*mk.* names 2 axes of a, which has 3
// page: operators: einsum with too few letters
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 5, 7, 3>& a, tensor<float, 7, 4, 3>& b) {
#ifdef KNIT_WRONG
  tensor y = einsum<"mk,knb->mnb">(a, b);
#else
  tensor y = einsum<"mkb,knb->mnb">(a, b);
#endif
  (void)y;
}
