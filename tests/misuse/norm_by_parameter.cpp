// expect: by_parameter: a norm over all gradients is not that of one rule of two; put it around both
// page: training: A norm over all gradients within by_parameter
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

long use(instances<784> const& data) {
  auto model = make_chain(make_dense<784, 10>());
#ifdef KNIT_WRONG
  auto rule = by_parameter(matrices, clip_all(sgd_rule{}, 5), sgd_rule{});
#else
  auto rule = clip_all(by_parameter(matrices, sgd_rule{}, sgd_rule{}), 5);
#endif
  return data | minibatch<100>() | train(model, rule) | run();
}
