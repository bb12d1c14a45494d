// expect: an expression is assigned to an array whose elements are not float
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 3>& x) {
#ifdef KNIT_WRONG
  tensor<double, 3> y = square(x);
#else
  tensor<float, 3> y = square(x);
#endif
  (void)y;
}
