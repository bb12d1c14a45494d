// expect: uniform_like: \(8192x4096\) has 33554432 elements, and random numbers are told apart for 16777216
// page: operators: More random numbers than are told apart
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 8192, 4096>& x) {
#ifdef KNIT_WRONG
  tensor y = x % uniform_like(x, 1);
#else
  tensor y = x % uniform_like(sum<1>(x), 1);
#endif
  (void)y;
}
