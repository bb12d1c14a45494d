// SPDX-License-Identifier: BSL-1.0
// turned_networks.cpp -- in: small networks drawn by seeds. out: training steps and scores as the oracle has them if lanes lie along
// the instances wherever that can be.

#include "../planned.hpp"
#include "networks.hpp"

#ifndef KNIT_SEEDS
#define KNIT_SEEDS 7, 65
#endif

namespace {

struct turning {
  static constexpr knit::tuning tune = [] {
    knit::tuning t;
    t.turned_below = 1e9;
    return t;
  }();
};
using where = networks::on_threads<knit::basic_simd_backend<turning>>;

template <std::uint64_t... Seed> constexpr int turned =
    (planned::turned<typename networks::check<Seed, where>::step_type::program::compiled_type>() + ...);
static_assert(turned<KNIT_SEEDS> > 0);

[[maybe_unused]] const int enlisted = networks::enlist_on<where, KNIT_SEEDS>();

}  // namespace
