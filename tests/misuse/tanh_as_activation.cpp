// expect: the activation of make_dense is an object, and this is the name of several functions; write tanh_ for tanh
// page: layers: make_dense<784, 256>(tanh)
// SPDX-License-Identifier: BSL-1.0
#include <math.h>
#include <knit/knit.hpp>

using namespace knit;

auto use() {
#ifdef KNIT_WRONG
  return make_dense<784, 256>(tanh);
#else
  return make_dense<784, 256>(tanh_);
#endif
}
