// SPDX-License-Identifier: BSL-1.0
// slow_cuda_routine_networks.cpp -- in: small networks drawn by seeds. out: the same as on the CUDA backend's blocks where each
// product that a library's routine could do is a region of its own.

#include "networks.hpp"

#include <knit/backend/cuda/host.hpp>

#include "../cuda/routines.hpp"

#ifndef KNIT_SEEDS
#define KNIT_SEEDS 10, 61
#endif

namespace {
using on_host = knit::basic_cuda_on_host<routines::for_small_products, knit::cuda::by_phases>;
[[maybe_unused]] const int enlisted = networks::enlist_on<networks::in_orders<on_host>, KNIT_SEEDS>();
}  // namespace
