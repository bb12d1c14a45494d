// expect: pool<3, 3>.x. of images .5x2.: windows are as wide as high, and this one does not fit; take a smaller one
// page: operators: A pool of windows that are larger than the image
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 5, 2>& x) {
#ifdef KNIT_WRONG
  tensor y = pool<3>(x);
#else
  tensor y = pool<2>(x);
#endif
  (void)y;
}
