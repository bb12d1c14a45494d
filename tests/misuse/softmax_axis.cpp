// expect: a reduction over axis 1 of an array of shape \(10\)
// page: operators: softmax along an axis that is not there
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 10>& x) {
#ifdef KNIT_WRONG
  tensor y = softmax<1>(x);
#else
  tensor y = softmax<0>(x);
#endif
  (void)y;
}
