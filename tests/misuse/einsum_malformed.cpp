// expect: einsum<.*mkb,knb.*>.a, b. of .5x7x3. and .7x4x3.: write the letters of the axes of a, a comma, those of b, an arrow
// page: operators: einsum without an arrow
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 5, 7, 3>& a, tensor<float, 7, 4, 3>& b) {
#ifdef KNIT_WRONG
  tensor y = einsum<"mkb,knb">(a, b);
#else
  tensor y = einsum<"mkb, knb -> mnb">(a, b);
#endif
  (void)y;
}
