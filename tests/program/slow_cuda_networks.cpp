// SPDX-License-Identifier: BSL-1.0
// slow_cuda_networks.cpp -- in: small networks drawn by seeds. out: training steps and scores on the CUDA backend's blocks as
// the oracle has them, if each block does several slabs, the threads of a block run apart, and in each order.

#include "networks.hpp"

#include "../backend/blocks.hpp"

#ifndef KNIT_SEEDS
#define KNIT_SEEDS 4, 8, 65, 85
#endif

namespace {
struct on_few_blocks {
  using backend = blocks::few_blocks_on_fibers;
  static constexpr char const* way = "orders";
  static void choose(int way) { backend::order() = unsigned(5 * way); }
  static void leave() { backend::order() = 0; }
};
[[maybe_unused]] const int enlisted = networks::enlist_on<on_few_blocks, KNIT_SEEDS>();
}  // namespace
