// expect: reshape: .28x28xbatch<=100. to .28xbatch<=100x28.; an extent that is known at run time only must be the last of both
// page: operators: A reshape that moves an axis with a name
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 28, 28, dyn<"batch", 100>>& x, float& loss) {
#ifdef KNIT_WRONG
  loss = sum(square(reshape<28, dyn<"batch", 100>, 28>(x)));
#else
  loss = sum(square(reshape<784, dyn<"batch", 100>>(x)));
#endif
}
