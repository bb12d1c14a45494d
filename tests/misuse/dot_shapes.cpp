// expect: dot.a, b.: shapes \(3\) and \(1x3\) differ, and each element of a meets one of b
// page: operators: A scalar product of a column and a row
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 3>& a, tensor<float, 1, 3>& b, float& y) {
#ifdef KNIT_WRONG
  y = dot(a, b);
#else
  y = dot(a, transpose(b));
#endif
}
