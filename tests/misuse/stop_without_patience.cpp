// expect: early_stop takes a metric and for how many elements in a row it may get no better
// page: training: early_stop without patience
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

long use(instances<784> const& data, instances<784> const& test) {
  auto model = make_chain(make_dense<784, 10>());
  auto losses = data | minibatch<100>() | repeat(100) | sgd(model) | takenth(600);
  auto metric = [&] { return -accuracy(model, test); };
#ifdef KNIT_WRONG
  return losses | early_stop(metric) | run();
#else
  return losses | early_stop(metric, 3) | run();
#endif
}
