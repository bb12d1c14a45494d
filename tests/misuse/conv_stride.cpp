// expect: conv4<stride 0, padding 0>.*: the stride is at least 1 and the padding at least 0
// page: operators: A convolution with a stride of 0
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 5, 5, 1, 20>& w, tensor<float, 28, 28, 1, 100>& x) {
#ifdef KNIT_WRONG
  tensor y = conv4<0>(w, x);
#else
  tensor y = conv4<1>(w, x);
#endif
  (void)y;
}
