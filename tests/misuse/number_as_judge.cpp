// expect: until takes a function that is called with an element of the range
// page: training: until(0.1)
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

long use(instances<784> const& data) {
  auto model = make_chain(make_dense<784, 10>());
  auto losses = data | minibatch<100>() | cycle | sgd(model);
#ifdef KNIT_WRONG
  return losses | until(0.1) | run();
#else
  return losses | until([](float loss) { return loss < 0.1f; }) | run();
#endif
}
