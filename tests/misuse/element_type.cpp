// expect: an expression is assigned to an array whose elements are neither float nor double
// page: operators: A result in an array of bytes
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 3>& x) {
#ifdef KNIT_WRONG
  tensor<std::int32_t, 3> y = square(x);
#else
  tensor<double, 3> y = square(x);
#endif
  (void)y;
}
