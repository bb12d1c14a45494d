// expect: reshape to an extent of -1: extents are at least 1, and none is worked out from the others; write the number
// page: operators: reshape<-1, ...>
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 28, 28>& x) {
#ifdef KNIT_WRONG
  tensor y = reshape<-1, 7>(x);
#else
  tensor y = reshape<112, 7>(x);
#endif
  (void)y;
}
