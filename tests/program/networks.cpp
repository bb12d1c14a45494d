// SPDX-License-Identifier: BSL-1.0
#include "networks.hpp"

#ifndef KNIT_SEEDS
#define KNIT_SEEDS 1, 2, 3
#endif
namespace {
[[maybe_unused]] const int enlisted = networks::enlist<KNIT_SEEDS>();
}
