// expect: augment calls f\(x, random\) with x the std::span of the elements of an instance and random a knit::generator
// page: data: augment by a function of batches
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(instances<6> const& data) {
#ifdef KNIT_WRONG
  auto changed = data | minibatch<2>() | augment([](batch_of<6, 2> b) { return b; });
#else
  auto changed = data | minibatch<2>() | augment([](std::span<unorm8> x, generator& random) { x[random.below(6)] = unorm8{0}; });
#endif
}
