// expect: an expression of shape \(256x100\) is assigned to an array of shape \(100x256\)
// page: operators: An expression assigned to an array of another shape
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 256, 784>& w, tensor<float, 784, 100>& x, tensor<float, 100, 256>& y) {
#ifdef KNIT_WRONG
  y = w * x;
#else
  y = transpose(w * x);
#endif
}
