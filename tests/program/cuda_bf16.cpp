// SPDX-License-Identifier: BSL-1.0
// cuda_bf16.cpp -- in: MNIST. out: with products in bf16, as the CUDA backend's blocks train, losses that stay near PyTorch's of float.

#include <knit/backend/cuda/host.hpp>
#include <knit/knit.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "../in_bf16.hpp"
#include "curve.hpp"

namespace {

using namespace knit;
using namespace curve_data;

/// Found: no loss is farther from that of float than 0.18 percent. Allowed is what one rounding to bf16 may change.
template <class Losses> void stays_near(Losses losses, std::vector<double> const& expected) {
  std::size_t s = 0;
  double most = 0;
  for (float loss : losses) {
    ASSERT_LT(s, expected.size());
    const double apart = std::abs(loss - expected[s]) / expected[s];
    ASSERT_LT(apart, 0x1p-8) << "step " << s;
    most = std::max(most, apart);
    ++s;
  }
  EXPECT_EQ(s, expected.size());
  EXPECT_GT(most, 1e-4) << "as near as float: bf16 was not seen";
}

TEST(curve_in_bf16, stays_near_that_of_float) {
  auto model = curve_model();
  stays_near(mnist().train | minibatch<100>(in_order{}) | sgd<in_bf16<cuda_on_host>>(model, {.lr = 0.1f}) | take(100),
             curve("mnist_curve.txt"));
}
TEST(curve_in_bf16, of_partial_batches_stays_near_that_of_float) {  // of 64 of 1000 images: the last of each pass has 40
  auto model = curve_model();
  const auto little = little_mnist();
  stays_near(little | minibatch<dyn<"batch", 64>>(in_order{}) | cycle | sgd<in_bf16<cuda_on_host>>(model, {.lr = 0.1f}) | take(48),
             curve("mnist_partial.txt"));
}

}  // namespace
