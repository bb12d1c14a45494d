// SPDX-License-Identifier: BSL-1.0
// residual.cu -- in: a residual network at full size. out: the kernels of its step of training.
#include <knit/optim/sgd.hpp>
#include <knit/train/step.hpp>

#include "gate.cuh"
#include "nets.hpp"

namespace programs {
struct residual_sgd : training_program<residual_net, sgd_rule, view<unorm8, 784, 100>, view<std::uint8_t, 100>> {};
}  // namespace programs

KNIT_GATE(residual_sgd)
