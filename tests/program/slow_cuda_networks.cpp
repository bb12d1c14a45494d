// SPDX-License-Identifier: BSL-1.0
// slow_cuda_networks.cpp -- in: small networks drawn by seeds. out: training steps and scores on the CUDA backend's blocks as
// the oracle has them, if each block does several slabs, the threads of a block run apart, and in each order.

#include "networks.hpp"

#include "../backend/blocks.hpp"

#ifndef KNIT_SEEDS
#define KNIT_SEEDS 4, 8, 65, 85
#endif

namespace {
[[maybe_unused]] const int enlisted = networks::enlist_on<networks::in_orders<blocks::few_blocks_on_fibers>, KNIT_SEEDS>();
}  // namespace
