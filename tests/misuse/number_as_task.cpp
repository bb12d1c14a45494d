// expect: tap takes a function that is called with an element of the range
// page: training: tap(5)
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

long use(instances<784> const& data) {
  auto model = make_chain(make_dense<784, 10>());
  auto losses = data | minibatch<100>() | sgd(model);
#ifdef KNIT_WRONG
  return losses | tap(5) | run();
#else
  return losses | tap([](float) {}) | run();
#endif
}
