// expect: a number stands where data or the numbers of a rule are wanted; these have names: sgd.model, .[.]lr = 0.1f..
// page: training: sgd(model, 0.1f)
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

float use(instances<784> const& data) {
  auto model = make_chain(make_dense<784, 10>());
  float sum = 0;
#ifdef KNIT_WRONG
  for (float loss : data | minibatch<100>() | sgd(model, 0.1f)) sum += loss;
#else
  for (float loss : data | minibatch<100>() | sgd(model, {.lr = 0.1f})) sum += loss;
#endif
  return sum;
}
