// expect: transpose<0, 0>: the axes of the operand in a new order, each named once, counted from 0
// page: operators: transpose that names an axis twice
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 2, 3>& x) {
#ifdef KNIT_WRONG
  tensor y = exp(transpose<0, 0>(x));
#else
  tensor y = exp(transpose<1, 0>(x));
#endif
  (void)y;
}
