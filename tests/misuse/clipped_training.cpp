// expect: clip_all goes around an update rule, such as sgd_rule.*, and this is none
// page: training: A rule around a training
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

long use(instances<784> const& data) {
  auto model = make_chain(make_dense<784, 10>());
#ifdef KNIT_WRONG
  return data | minibatch<100>() | clip_all(sgd(model, {.lr = 0.1}), 1) | run();
#else
  return data | minibatch<100>() | train(model, clip_all(sgd_rule{.lr = 0.1}, 1)) | run();
#endif
}
