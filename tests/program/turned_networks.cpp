// SPDX-License-Identifier: BSL-1.0
// turned_networks.cpp -- in: small networks drawn by seeds. out: training steps and scores as the oracle has them if lanes lie along
// the instances wherever that can be.

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

template <std::uint64_t... Seed> constexpr int turned() {
  int n = 0;
  auto count = [&](auto const& plan) {
    for (auto const& b : plan.buffers) n += b.beside != 0;
  };
  (count(networks::check<Seed, where>::step_type::program::compiled_type::plan), ...);
  return n;
}
static_assert(turned<KNIT_SEEDS>() > 0);

[[maybe_unused]] const int enlisted = networks::enlist_on<where, KNIT_SEEDS>();

}  // namespace
