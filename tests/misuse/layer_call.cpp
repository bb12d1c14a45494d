// expect: a function or layer cannot be called with these arguments \(2 given\)
// page: models and programs: A layer trained in the place of a chain
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

float use(instances<784> const& data) {
#ifdef KNIT_WRONG
  auto model = make_dense<784, 10>();
#else
  auto model = make_chain(make_dense<784, 10>());
#endif
  float sum = 0;
  for (float loss : sgd(model, data | minibatch<100>())) sum += loss;
  return sum;
}
