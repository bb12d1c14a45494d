// expect: by_parameter takes a choice and two update rules.* and the second of these is none
// page: training: by_parameter with a number for a rule
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

long use(instances<784> const& data) {
  auto model = make_chain(make_dense<784, 10>());
#ifdef KNIT_WRONG
  return data | minibatch<100>() | train(model, by_parameter(matrices, sgd_rule{.lr = 0.1}, 0.5)) | run();
#else
  return data | minibatch<100>() | train(model, by_parameter(matrices, sgd_rule{.lr = 0.1}, sgd_rule{.lr = 0.5})) | run();
#endif
}
