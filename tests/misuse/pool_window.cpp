// expect: pool<0, 0>.x. of images .28x28x1x10.: the window and the stride are at least 1
// page: operators: A pool without a window
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 28, 28, 1, 10>& x) {
#ifdef KNIT_WRONG
  tensor y = pool<0>(x);
#else
  tensor y = pool<2>(x);
#endif
  (void)y;
}
