// expect: a vector \(8\) times a matrix \(8x3\) needs a matrix of one row; write transpose\(a\) \* b
// page: operators: A vector times a matrix
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 8>& a, tensor<float, 8, 3>& b) {
#ifdef KNIT_WRONG
  tensor y = tanh(a * b);
#else
  tensor y = tanh(transpose(a) * b);
#endif
  (void)y;
}
