// expect: augment changes the instances of batches whose x is a view with one in each step of its last axis
// page: data: augment behind the training
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

struct counting_step {
  using value_type = float;
  float operator()(view<unorm8, 6, 2> const&, view<std::uint8_t, 2> const&) { return 0; }
};

void use(instances<6> const& data, counting_step& step) {
#ifdef KNIT_WRONG
  for (float loss : data | minibatch<2>() | train(step) | augment(random_flip{3})) (void)loss;
#else
  for (float loss : data | minibatch<2>() | augment(random_flip{3}) | train(step)) (void)loss;
#endif
}
