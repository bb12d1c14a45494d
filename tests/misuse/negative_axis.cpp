// expect: a reduction over axis -1 of an array of shape \(10x100\): axes count from 0, so name one below 2
// page: operators: A negative axis
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 10, 100>& x) {
#ifdef KNIT_WRONG
  tensor y = max<-1>(x);
#else
  tensor y = max<1>(x);
#endif
  (void)y;
}
