// expect: an inference refers to its model, which must outlive it, and this model is a temporary; give it a name
// page: models and programs: An inference of a temporary
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(view<float, 784, 100> const& x, float* to) {
#ifdef KNIT_WRONG
  auto f = make_inference<view<float, 784, 100>>(make_dense<784, 10>());
#else
  auto model = make_dense<784, 10>();
  auto f = make_inference<view<float, 784, 100>>(model);
#endif
  f(x, to);
}
