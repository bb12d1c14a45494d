// expect: make_dense.784, 10, ....: sizes are part of the type, so they stand in angle brackets: make_dense<784, 10>.relu.
// page: layers: make_dense(784, 10)
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 784>& x) {
#ifdef KNIT_WRONG
  auto layer = make_dense(784, 10);
#else
  auto layer = make_dense<784, 10>();
#endif
  tensor y = layer(x);
  (void)y;
}
