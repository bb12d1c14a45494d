// expect: an expression of shape \(4\) is assigned to an array of shape \(1x4\)
// page: operators: An array made of an expression of another shape
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 4, 4>& w, tensor<float, 4>& x) {
#ifdef KNIT_WRONG
  tensor<float, 1, 4> y = w * x;
#else
  tensor<float, 4> y = w * x;
#endif
  (void)y;
}
