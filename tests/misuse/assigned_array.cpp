// expect: an expression of shape \(4\) is assigned to an array of shape \(5\)
// page: operators: An array assigned to one of another shape
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 4>& x, tensor<std::uint8_t, 5>& levels, tensor<float, 5>& y) {
  (void)x, (void)levels;
#ifdef KNIT_WRONG
  y = x;
#else
  y = levels;
#endif
}
