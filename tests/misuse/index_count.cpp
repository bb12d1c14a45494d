// expect: an element of an array of shape \(3x5\) is asked for by 1 index in parentheses; give one for each axis
// page: operators: An element by too few indices
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

float use(tensor<float, 3, 5>& x) {
#ifdef KNIT_WRONG
  return x(2);
#else
  return x(2, 0);
#endif
}
