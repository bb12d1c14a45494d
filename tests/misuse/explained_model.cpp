// expect: explain tells the plan of a program, and a model or expression has none yet
// page: models and programs: explain of a model
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use() {
  auto model = make_chain(make_dense<784, 10>());
#ifdef KNIT_WRONG
  auto text = explain(model);
  (void)text;
#else
  auto text = explain(make_inference<view<float, 784, 100>>(model));
  (void)text;
#endif
}
