// SPDX-License-Identifier: BSL-1.0
// cuda_conv.cpp -- in: nn/conv.hpp. out: on the CUDA backend's blocks a network of convolutions and pooling trains as PyTorch's does.

#include "conv.hpp"

#include <knit/backend/cuda/host.hpp>

#include <gtest/gtest.h>

namespace {

using namespace conv_data;

TEST(convolution_on_blocks, trains_as_pytorch_does) {
  const auto right = stored("training");
  for (unsigned order : {0u, 5u}) {
    cuda_on_host::order() = order;
    const auto got = losses<cuda_on_host, float>();
    ASSERT_EQ(got.size(), right.size());
    for (std::size_t s = 0; s < right.size(); ++s)
      EXPECT_NEAR(got[s], right[s], 1e-4 * right[s]) << "step " << s << ", order " << order;
  }
  cuda_on_host::order() = 0;
}

}  // namespace
