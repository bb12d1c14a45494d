// SPDX-License-Identifier: BSL-1.0
// bf16.cu -- in: the network of MNIST at full size, with products in bf16. out: the kernels of its step of training.
#include "gate.cuh"
#include "mnist.hpp"

KNIT_GATE(mnist_bf16)
