// expect: prefetch makes batches ahead, and an element of this range has no members x and y; put it before what reads batches
// page: data: prefetch behind the training
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

struct counting_step {
  using value_type = float;
  float operator()(view<unorm8, 5, 2> const&, view<std::uint8_t, 2> const&) { return 0; }
};

long use(instances<5> const& data, counting_step& step) {
#ifdef KNIT_WRONG
  for (float loss : data | minibatch<2>() | train(step) | prefetch) (void)loss;
#else
  for (float loss : data | minibatch<2>() | prefetch | train(step)) (void)loss;
#endif
  return 0;
}
