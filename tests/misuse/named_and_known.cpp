// expect: [+]: shapes .784xbatch<=100. and .784x100. do not broadcast
// page: operators: A batch of a known size with one that is known at run time only
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 784, dyn<"batch", 100>>& x, tensor<float, 784, 100>& y, float& loss) {
  (void)y;
#ifdef KNIT_WRONG
  loss = sum(square(x + y));
#else
  loss = sum(square(x + x));
#endif
}
