// expect: what is trained must outlive the range of its losses, and this step is a temporary; give it a name
// page: training: Training by a temporary step
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

struct counting_step {
  using value_type = float;
  float operator()(view<unorm8, 5, 2> const&, view<std::uint8_t, 2> const&) { return 0; }
};

void use(instances<5> const& data) {
#ifdef KNIT_WRONG
  for (float loss : data | minibatch<2>() | train(counting_step{})) (void)loss;
#else
  counting_step step;
  for (float loss : data | minibatch<2>() | train(step)) (void)loss;
#endif
}
