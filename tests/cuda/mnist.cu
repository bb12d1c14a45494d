// SPDX-License-Identifier: BSL-1.0
// mnist.cu -- in: the network of MNIST at full size. out: the kernels of its steps of training.
#include "gate.cuh"
#include "mnist.hpp"

KNIT_GATE(mnist_sgd)
KNIT_GATE(mnist_adam)
