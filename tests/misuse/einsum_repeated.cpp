// expect: einsum<.*mkm,knb->mn.*>.a, b. of .5x7x3. and .7x4x3.: a has two axes m
// page: operators: einsum with a letter twice
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 5, 7, 3>& a, tensor<float, 7, 4, 3>& b) {
#ifdef KNIT_WRONG
  tensor y = einsum<"mkm,knb->mn">(a, b);
#else
  tensor y = einsum<"mkb,knb->mn">(a, b);
#endif
  (void)y;
}
