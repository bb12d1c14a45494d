// SPDX-License-Identifier: BSL-1.0
// slow_networks_10.cpp -- in: large and deep networks drawn by seeds. out: as networks_1.cpp.

#include "networks.hpp"

#ifndef KNIT_SEEDS
#define KNIT_SEEDS 36, 46
#endif

namespace {
[[maybe_unused]] const int enlisted = networks::enlist<KNIT_SEEDS>();
}  // namespace
