// expect: to_dot draws a program or an expression, and a model is neither
// page: models and programs: to_dot of a model
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use() {
  auto model = make_chain(make_dense<784, 10>());
#ifdef KNIT_WRONG
  auto picture = to_dot(model);
  (void)picture;
#else
  auto picture = to_dot(make_inference<view<float, 784, 100>>(model));
  (void)picture;
#endif
}
