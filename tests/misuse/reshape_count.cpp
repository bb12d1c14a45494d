// expect: reshape: \(28x28\) has 784 elements and \(28x27\) has 756
// page: operators: A reshape to another number of elements
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 28, 28>& image) {
#ifdef KNIT_WRONG
  tensor y = exp(reshape<28, 27>(image));
#else
  tensor y = exp(reshape<784>(image));
#endif
  (void)y;
}
