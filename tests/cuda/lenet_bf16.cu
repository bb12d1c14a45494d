// SPDX-License-Identifier: BSL-1.0
// lenet_bf16.cu -- in: LeNet at full size, with products in bf16. out: the kernels of its step of training.
#include <knit/optim/sgd.hpp>
#include <knit/train/step.hpp>

#include "gate.cuh"
#include "nets.hpp"

namespace programs {
struct lenet_bf16 : training_program<lenet, sgd_rule, view<unorm8, 784, 100>, view<std::uint8_t, 100>> {
  static constexpr auto products = precision::bf16;
};
}  // namespace programs

KNIT_GATE(lenet_bf16)
