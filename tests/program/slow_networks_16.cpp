// SPDX-License-Identifier: BSL-1.0
// slow_networks_16.cpp -- in: more small networks drawn by seeds. out: as networks_1.cpp.

#include "networks.hpp"

#ifndef KNIT_SEEDS
#define KNIT_SEEDS 1, 25, 45, 49, 72, 82
#endif

namespace {
[[maybe_unused]] const int enlisted = networks::enlist<KNIT_SEEDS>();
}  // namespace
