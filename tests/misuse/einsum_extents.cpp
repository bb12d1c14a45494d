// expect: einsum<.*mkb,nkb->mnb.*>.a, b. of .5x7x3. and .7x4x3.: axis k is 7 long in a and 4 in b, and must be equal
// page: operators: einsum of axes that differ
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 5, 7, 3>& a, tensor<float, 7, 4, 3>& b) {
#ifdef KNIT_WRONG
  tensor y = einsum<"mkb,nkb->mnb">(a, b);
#else
  tensor y = einsum<"mkb,knb->mnb">(a, b);
#endif
  (void)y;
}
