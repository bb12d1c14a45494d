// expect: einsum<.*mkb,knb->mnx.*>.a, b. of .5x7x3. and .7x4x3.: the result has an axis x, which neither a nor b has
// page: operators: einsum with a result of letters that nothing has
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 5, 7, 3>& a, tensor<float, 7, 4, 3>& b) {
#ifdef KNIT_WRONG
  tensor y = einsum<"mkb,knb->mnx">(a, b);
#else
  tensor y = einsum<"mkb,knb->mnb">(a, b);
#endif
  (void)y;
}
