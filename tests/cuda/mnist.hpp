// SPDX-License-Identifier: BSL-1.0
// mnist.hpp -- steps of training of the network of MNIST at full size; by themselves, as nvcc needs memory for every program it sees.
#pragma once
#include <knit/nn/chain.hpp>
#include <knit/nn/dense.hpp>
#include <knit/optim/adam.hpp>
#include <knit/optim/sgd.hpp>
#include <knit/train/step.hpp>

namespace programs {

using namespace knit;

using mnist_mlp = decltype(make_chain(make_dense<784, 256>(relu), make_dense<256, 10>()));
struct mnist_sgd : training_program<mnist_mlp, sgd_rule, view<unorm8, 784, 100>, view<std::uint8_t, 100>> {};
struct mnist_adam : training_program<mnist_mlp, adam_rule, view<unorm8, 784, 100>, view<std::uint8_t, 100>> {};
struct mnist_bf16 : mnist_sgd {
  static constexpr auto products = precision::bf16;
};

}  // namespace programs
