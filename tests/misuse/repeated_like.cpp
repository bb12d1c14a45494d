// expect: broadcast_like.a, b.: a of shape \(3\) cannot be repeated to shape \(4x2\)
// page: operators: An array repeated to a shape that it does not fit
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 3>& a, tensor<float, 4, 2>& b, tensor<float, 3, 2>& c) {
#ifdef KNIT_WRONG
  tensor y = broadcast_like(a, b);
#else
  tensor y = broadcast_like(a, c);
#endif
  (void)y, (void)b, (void)c;
}
