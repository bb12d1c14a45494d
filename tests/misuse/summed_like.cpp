// expect: sum_to_like.a, b.: a of shape \(3x2\) cannot be summed to shape \(4\)
// page: operators: An array summed to a shape that it does not fit
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 3, 2>& a, tensor<float, 4>& b, tensor<float, 3>& c) {
#ifdef KNIT_WRONG
  tensor y = sum_to_like(a, b);
#else
  tensor y = sum_to_like(a, c);
#endif
  (void)y, (void)b, (void)c;
}
