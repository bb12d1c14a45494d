// expect: gather\(a, labels\): \(10x100\) is classes x instances and labels \(10\) must hold one label for each
// page: operators: gather with too few labels
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 10, 100>& scores, tensor<std::uint8_t, 100>& y, tensor<std::uint8_t, 10>& few) {
  (void)y, (void)few;
#ifdef KNIT_WRONG
  tensor z = gather(scores, few);
#else
  tensor z = gather(scores, y);
#endif
  (void)z;
}
