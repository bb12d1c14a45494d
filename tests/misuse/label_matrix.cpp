// expect: nll\(scores, labels\): labels \(10x10\) must be a vector
// page: operators: Labels as a matrix
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 10, 100>& scores, tensor<std::uint8_t, 100>& y, tensor<std::uint8_t, 10, 10>& square, float& loss) {
  (void)y, (void)square;
#ifdef KNIT_WRONG
  loss = nll(scores, square);
#else
  loss = nll(scores, y);
#endif
}
