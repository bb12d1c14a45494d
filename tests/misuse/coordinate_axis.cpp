// expect: coordinate_like<5>.x. of an array of shape \(3x2\): axes count from 0, so name one below 2
// page: operators: Coordinates along an axis that is not there
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 3, 2>& x) {
#ifdef KNIT_WRONG
  tensor y = coordinate_like<5>(x);
#else
  tensor y = coordinate_like<1>(x);
#endif
  (void)y;
}
