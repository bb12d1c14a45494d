// expect: a \* b multiplies matrices and vectors, and got \(5x7x3\) \* \(7x4x3\); .*use einsum or bmm
// page: operators: * of arrays of more than two axes
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 5, 7, 3>& a, tensor<float, 7, 4, 3>& b) {
#ifdef KNIT_WRONG
  tensor y = a * b;
#else
  tensor y = bmm(a, b);
#endif
  (void)y;
}
