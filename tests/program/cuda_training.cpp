// SPDX-License-Identifier: BSL-1.0
// cuda_training.cpp -- in: MNIST. out: on the CUDA backend's blocks PyTorch's losses by SGD, also with a partial batch, and by
// Adam those of the simd backend.

#include <knit/backend/cuda/host.hpp>
#include <knit/knit.hpp>

#include <gtest/gtest.h>

#include <vector>

#include "curve.hpp"

namespace {

using namespace knit;
using namespace curve_data;

template <class Losses> void follows(Losses losses, std::vector<double> const& expected) {
  std::size_t s = 0;
  for (float loss : losses) {
    ASSERT_LT(s, expected.size());
    ASSERT_NEAR(loss, expected[s], 1e-4 * expected[s]) << "step " << s;
    ++s;
  }
  EXPECT_EQ(s, expected.size());
}

TEST(curve_on_blocks, is_pytorchs) {
  auto model = curve_model();
  follows(mnist().train | minibatch<100>(in_order{}) | sgd<cuda_on_host>(model, {.lr = 0.1f}) | take(100),
          curve("mnist_curve.txt"));
}
TEST(curve_on_blocks, of_partial_batches_is_pytorchs) {  // of 64 of 1000 images: the last of each pass has 40
  auto model = curve_model();
  const auto little = little_mnist();
  follows(little | minibatch<dyn<"batch", 64>>(in_order{}) | cycle | sgd<cuda_on_host>(model, {.lr = 0.1f}) | take(48),
          curve("mnist_partial.txt"));
}
TEST(curve_on_blocks, of_adam_is_that_of_lanes) {
  auto on_lanes = curve_model(), on_blocks = curve_model();
  std::vector<double> expected;
  for (float loss : mnist().train | minibatch<100>(in_order{}) | adam(on_lanes, {.lr = 0.001f}) | take(100))
    expected.push_back(double(loss));
  EXPECT_LT(expected.back(), expected[0] / 3);
  follows(mnist().train | minibatch<100>(in_order{}) | adam<cuda_on_host>(on_blocks, {.lr = 0.001f}) | take(100), expected);
}

}  // namespace
