// SPDX-License-Identifier: BSL-1.0
// cuda_networks.cpp -- in: small networks drawn by seeds. out: training steps and scores on the CUDA backend's blocks as the
// oracle has them, the same to the bit in each order.

#include "networks.hpp"

#include <knit/backend/cuda/host.hpp>

#ifndef KNIT_SEEDS
#define KNIT_SEEDS 10, 61
#endif

namespace {
[[maybe_unused]] const int enlisted = networks::enlist_on<networks::in_orders<knit::cuda_on_host>, KNIT_SEEDS>();
}  // namespace
