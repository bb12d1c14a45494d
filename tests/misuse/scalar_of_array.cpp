// expect: an expression of shape \(3x5\) is read as a number
// page: operators: An array read as a number
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 3, 5>& x, float& y) {
#ifdef KNIT_WRONG
  y = square(x);
#else
  y = sum(square(x));
#endif
}
