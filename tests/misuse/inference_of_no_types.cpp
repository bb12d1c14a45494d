// expect: make_inference makes a program, and what it will be called with has to be known then
// page: models and programs: make_inference without the types of its arguments
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(view<float, 784, 100> const& x, float* to) {
  auto model = make_dense<784, 10>();
#ifdef KNIT_WRONG
  auto f = make_inference(model);
#else
  auto f = make_inference<view<float, 784, 100>>(model);
#endif
  f(x, to);
}
