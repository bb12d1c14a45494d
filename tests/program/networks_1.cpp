// SPDX-License-Identifier: BSL-1.0
// networks_1.cpp -- in: small networks drawn by seeds. out: training steps and scores as the oracle has them.

#include "networks.hpp"

#ifndef KNIT_SEEDS
#define KNIT_SEEDS 7, 10, 48, 61, 65, 83, 85
#endif

namespace {
[[maybe_unused]] const int enlisted = networks::enlist<KNIT_SEEDS>();
}  // namespace
