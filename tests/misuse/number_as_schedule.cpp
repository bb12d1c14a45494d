// expect: scheduled.rule, factor.: the factor is a function of the number of the step
// page: training: scheduled(rule, 0.5)
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

long use(instances<784> const& data) {
  auto model = make_chain(make_dense<784, 10>());
#ifdef KNIT_WRONG
  return data | minibatch<100>() | train(model, scheduled(sgd_rule{.lr = 0.1}, 0.5)) | run();
#else
  return data | minibatch<100>() | train(model, scheduled(sgd_rule{.lr = 0.1}, step_decay{1000, 0.5})) | run();
#endif
}
