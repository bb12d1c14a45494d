// SPDX-License-Identifier: BSL-1.0
// slow_networks_13.cpp -- in: large and deep networks drawn by seeds. out: as networks_1.cpp.

#include "networks.hpp"

#ifndef KNIT_SEEDS
#define KNIT_SEEDS 43, 62, 64, 67
#endif

namespace {
[[maybe_unused]] const int enlisted = networks::enlist<KNIT_SEEDS>();
}  // namespace
