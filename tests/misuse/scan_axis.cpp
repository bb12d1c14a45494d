// expect: a scan along axis 2 of an array of shape .9x4x3.: it goes along the first or second axis; transpose
// page: operators: A scan along a third axis
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 9, 4, 3>& x) {
#ifdef KNIT_WRONG
  tensor y = cumsum<2>(x);
#else
  tensor y = cumsum<1>(x);
#endif
  (void)y;
}
