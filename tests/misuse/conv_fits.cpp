// expect: along axis 1 a filter of 5 does not fit an image of 2 with 1 on both sides; take a smaller filter or more padding
// page: operators: A filter that is larger than the image
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 5, 5, 1, 20>& w, tensor<float, 28, 2, 1, 100>& x) {
#ifdef KNIT_WRONG
  tensor y = conv4<1, 1>(w, x);
#else
  tensor y = conv4<1, 2>(w, x);
#endif
  (void)y;
}
