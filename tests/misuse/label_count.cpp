// expect: nll\(scores, labels\): \(10x100\) is classes x instances and labels \(50\) must hold one label for each
// page: operators: Too few labels
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 10, 100>& scores, tensor<std::uint8_t, 100>& y, tensor<std::uint8_t, 50>& few, float& loss) {
  (void)y, (void)few;
#ifdef KNIT_WRONG
  loss = nll(scores, few);
#else
  loss = nll(scores, y);
#endif
}
