// expect: what is trained on is a range of batches, whose members x and y are arrays, and an element of this range is a number, as a loss is
// page: training: Two rules in one line
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

long use(instances<784> const& data) {
  auto model = make_chain(make_dense<784, 10>());
  auto batches = data | minibatch<100>(shuffle_by{1});
#ifdef KNIT_WRONG
  return batches | sgd(model) | adam(model) | run();
#else
  return (batches | sgd(model) | run()) + (batches | adam(model) | run());
#endif
}
