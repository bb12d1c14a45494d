// SPDX-License-Identifier: BSL-1.0
// lenet.cu -- in: LeNet at full size. out: the kernels of its step of training.
#include <knit/optim/sgd.hpp>
#include <knit/train/step.hpp>

#include "gate.cuh"
#include "nets.hpp"

namespace programs {
struct lenet_sgd : training_program<lenet, sgd_rule, view<unorm8, 784, 100>, view<std::uint8_t, 100>> {};
static_assert(compiled<lenet_sgd, cuda::for_gpu>::plan.kernels == 5, "instances are slabs through images and rows, both ways");
}  // namespace programs

KNIT_GATE(lenet_sgd)
