// expect: sgd, adam and the others have rules of their own; of any other one write train.model, rule.
// page: training: A rule around a rule, given to sgd
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

float use(instances<784> const& data) {
  auto model = make_chain(make_dense<784, 10>());
  float sum = 0;
#ifdef KNIT_WRONG
  for (float loss : data | minibatch<100>() | sgd(model, clip_each(sgd_rule{}, 5))) sum += loss;
#else
  for (float loss : data | minibatch<100>() | train(model, clip_each(sgd_rule{}, 5))) sum += loss;
#endif
  return sum;
}
