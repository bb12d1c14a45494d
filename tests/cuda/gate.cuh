// SPDX-License-Identifier: BSL-1.0
// gate.cuh -- KNIT_GATE(p): the kernels of programs::p, and beside them a table of what its plan promises of each.
#pragma once
#include "promises.hpp"

#include <knit/backend/cuda/device.cuh>

#define KNIT_GATE(p)                                                                                                   \
  template class knit::cuda_backend::program<programs::p>;                                                             \
  extern "C" __device__ const promises::of_program<knit::compiled<programs::p, knit::cuda::for_blocks>> promises_##p = \
      promises::of_all<knit::compiled<programs::p, knit::cuda::for_blocks>>();
