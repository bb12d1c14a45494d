// expect: a \* b: inner sizes differ, \(256x784\) \* \(28x100\); axis 1 of a has 784 and axis 0 of b has 28
// page: operators: A product whose inner sizes differ
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 256, 784>& w, tensor<float, 28, 100>& thin, tensor<float, 784, 100>& x, tensor<float, 256>& b) {
  (void)thin;
#ifdef KNIT_WRONG
  tensor y = relu(w * thin + b);
#else
  tensor y = relu(w * x + b);
#endif
  (void)y;
}
