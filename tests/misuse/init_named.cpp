// expect: init of an array of shape .10xinputs<=784.; the compiler must know the extents of what is initialised
// page: layers: First values of an array whose extents are known at run time only
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

auto use() {
#ifdef KNIT_WRONG
  return init<10, dyn<"inputs", 784>>(gaussian{1});
#else
  return init<10, 784>(gaussian{1});
#endif
}
