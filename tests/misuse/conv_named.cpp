// expect: only the number of instances may be known at run time only
// page: operators: A convolution along an axis that is known at run time only
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

#ifdef KNIT_WRONG
using images = tensor<float, dyn<"width", 28>, 28, 1, 10>;
#else
using images = tensor<float, 28, 28, 1, dyn<"batch", 10>>;
#endif

void use(tensor<float, 5, 5, 1, 20>& w, images& x) {
  tensor y = conv4(w, x);
  (void)y;
}
