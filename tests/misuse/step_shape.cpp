// expect: a program for a view of unorm8 \(784x100\), a view of std::uint8_t \(100\) is called with a view of unorm8 \(784x50\), a view of std::uint8_t \(50\)
// page: training: A step for batches of 100, called with 50
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

float use(instances<784> const& data) {
  auto model = make_chain(make_dense<784, 10>());
  auto batches = data | minibatch<100>();
#ifdef KNIT_WRONG
  auto others = data | minibatch<50>();
#else
  auto others = data | minibatch<100>(shuffle_by{1});
#endif
  auto step = make_training_step(model, batches, sgd_rule{});
  float sum = 0;
  for (auto const& batch : others) sum += step(batch.x, batch.y);
  return sum;
}
