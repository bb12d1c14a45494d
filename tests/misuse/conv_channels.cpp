// expect: conv4<stride 1, padding 0>.*filters .5x5x3x20. and images .28x28x1x100.: filters of 3 channels meet images of 1, which must be equal
// page: operators: Filters for another number of channels
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 5, 5, 1, 20>& w, [[maybe_unused]] tensor<float, 5, 5, 3, 20>& thick, tensor<float, 28, 28, 1, 100>& x) {
#ifdef KNIT_WRONG
  tensor y = conv4(thick, x);
#else
  tensor y = conv4(w, x);
#endif
  (void)y;
}
