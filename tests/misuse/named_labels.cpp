// expect: nll.scores, labels.: .10xbatch<=100. is classes x instances and labels .rest<=100. must hold one label for each
// page: operators: Labels under another name than the batch
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 10, dyn<"batch", 100>>& scores, tensor<std::uint8_t, dyn<"batch", 100>>& y,
         tensor<std::uint8_t, dyn<"rest", 100>>& other, float& loss) {
  (void)y, (void)other;
#ifdef KNIT_WRONG
  loss = nll(scores, other);
#else
  loss = nll(scores, y);
#endif
}
