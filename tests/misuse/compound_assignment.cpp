// expect: a -= b of arrays or expressions: an array changes by assignment, and an expression never; write a = a - b
// page: operators: w -= lr * dw
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 3>& w, tensor<float, 3>& dw, float lr) {
#ifdef KNIT_WRONG
  w -= lr * dw;
#else
  w = w - lr * dw;
#endif
}
