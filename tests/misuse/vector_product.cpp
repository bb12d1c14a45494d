// expect: a \* b of two vectors, \(8\) \* \(8\), .* dot\(a, b\) for the scalar product
// page: operators: * of two vectors
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 8>& a, tensor<float, 8>& b, float& y) {
#ifdef KNIT_WRONG
  y = sum(a * b);
#else
  y = dot(a, b);
#endif
}
