// expect: pool<2, 2>.x. of images .784.: images have a width and a height that the compiler knows as their first axes
// page: operators: A pool of what is no image
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 784>& x) {
#ifdef KNIT_WRONG
  tensor y = pool<2>(x);
#else
  tensor y = pool<2>(reshape<28, 28>(x));
#endif
  (void)y;
}
