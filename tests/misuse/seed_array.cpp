// expect: uniform_like.a, seed.: the seed is a number, and this one is an array of shape \(3\)
// page: operators: An array as the seed of random numbers
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 3>& x) {
#ifdef KNIT_WRONG
  tensor y = uniform_like(x, x);
#else
  tensor y = uniform_like(x, 1);
#endif
  (void)y;
}
