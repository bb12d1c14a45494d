// expect: nll\(scores, labels\): \(10x20x5\) must be classes x instances
// page: operators: Scores of three axes
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 10, 20, 5>& z, tensor<std::uint8_t, 100>& y, float& loss) {
#ifdef KNIT_WRONG
  loss = nll(z, y);
#else
  loss = nll(reshape<10, 100>(z), y);
#endif
}
