// expect: a \* b: inner sizes differ, \(256x748\) \* \(784x100\)
// page: models and programs: A mistake within a layer
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

float use(instances<784> const& data) {
#ifdef KNIT_WRONG
  auto model = make_chain(make_dense<748, 256>(relu), make_dense<256, 10>());
#else
  auto model = make_chain(make_dense<784, 256>(relu), make_dense<256, 10>());
#endif
  float sum = 0;
  for (float loss : sgd(model, data | minibatch<100>())) sum += loss;
  return sum + float(accuracy(model, data));
}
