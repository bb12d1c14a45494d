// expect: the loss of a chain is that of a classifier, and these labels are float or double
// page: training: A chain trained on measured values
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

long use(instances<3, float, float> const& data) {
#ifdef KNIT_WRONG
  auto model = make_chain(make_dense<3, 1>());
#else
  auto model = make_regression(make_chain(make_dense<3, 1>()));
#endif
  return data | minibatch<100>() | sgd(model) | run();
}
