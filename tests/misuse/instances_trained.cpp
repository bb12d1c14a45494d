// expect: what is trained on is a range of batches, and this is no range; of instances make batches, data . minibatch<100>
// page: training: Training without minibatch
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

float use(instances<784> const& data) {
  auto model = make_chain(make_dense<784, 10>());
  float sum = 0;
#ifdef KNIT_WRONG
  for (float loss : data | sgd(model)) sum += loss;
#else
  for (float loss : data | minibatch<100>(shuffle_by{1}) | sgd(model)) sum += loss;
#endif
  return sum;
}
