// expect: einsum<.*mkb,knb->mnb.*>.a, b. of .5x7x3. and .7x4.: .*knb.* names 3 axes of b, which has 2
// page: operators: bmm of arrays without a batch axis
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 5, 7, 3>& a, tensor<float, 7, 4, 3>& b, tensor<float, 7, 4>& c) {
#ifdef KNIT_WRONG
  tensor y = bmm(a, c);
#else
  tensor y = bmm(a, b);
#endif
  (void)y;
}
