// expect: einsum<..?kb,mb->km..?>.a, b. of .3xb<=67. and .4x67.: axis b is b<=67 long in a and 67 in b
// page: operators: einsum of an axis with a name and one without
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 3, dyn<"b", 67>>& x, tensor<float, 4, 67>& y, tensor<float, 4, dyn<"b", 67>>& z, float& loss) {
  (void)y, (void)z;
#ifdef KNIT_WRONG
  loss = sum(einsum<"kb,mb->km">(x, y));
#else
  loss = sum(einsum<"kb,mb->km">(x, z));
#endif
}
