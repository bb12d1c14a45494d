// SPDX-License-Identifier: BSL-1.0
// kernel.hpp -- in: a plan. out: its kernels, each a grid of blocks: one for each run of slabs of each region.
#pragma once
#include <knit/backend/cuda/mma_tile.hpp>
#include <knit/backend/cuda/routine.hpp>
#include <knit/backend/cuda/scan.hpp>

namespace knit::cuda {

inline constexpr int block_threads = 256;

struct no_step {
  static constexpr int shared_numbers = 1;
  static constexpr long rounds = 1;
};
template <class P, int S> constexpr auto step_type() {
  constexpr step_kind what = P::template step_at<S>.kind;
  if constexpr (P::template planned_step<S>.empty || P::template region_of<S>.every_thread) return std::type_identity<no_step>{};
  else if constexpr (what == step_kind::contract) {
    if constexpr (in_tiles<P, S>() && P::products == precision::bf16)
      return std::type_identity<product_step<P, S, block_threads, mma_tile>>{};
    else if constexpr (in_tiles<P, S>()) return std::type_identity<product_step<P, S, block_threads>>{};
    else return std::type_identity<contract_step<P, S, block_threads>>{};
  } else if constexpr (what == step_kind::scan) return std::type_identity<scan_step<P, S, block_threads>>{};
  else if constexpr (what == step_kind::copy) return std::type_identity<copy_step<P, S, block_threads>>{};
  else return std::type_identity<map_step<P, S, block_threads>>{};
}
template <class P, int S> using step_of = typename decltype(step_type<P, S>())::type;

/// Blocks of step S, if blocks share it: as many as it keeps busy.
template <class P, int S> constexpr int blocks_of_step() {
  if constexpr (shared_by_blocks<P, S> && requires { step_of<P, S>::rounds; }) {
    constexpr long rounds = step_of<P, S>::rounds, most = for_blocks::most_blocks;
    return int(rounds < most ? rounds : most);
  } else return 1;
}
template <class P, int First, int... S> constexpr int blocks_of_steps(std::integer_sequence<int, S...>) {
  int n = 1;
  ((blocks_of_step<P, First + S>() > n ? void(n = blocks_of_step<P, First + S>()) : void()), ...);
  return n;
}
/// Blocks of a region: one for each run, or those of its only step; none of what is left to a library.
template <class P, int R> constexpr int blocks_of() {
  constexpr region r = P::template region_at<R>;
  constexpr int first = r.first, steps = r.last - r.first;
  if constexpr (r.every_thread || steps == 0 || is_left<P, R>()) return 0;
  else if constexpr (r.slabs > 1) return r.runs;
  else return blocks_of_steps<P, first>(std::make_integer_sequence<int, steps>{});
}
template <class P, int K, int... R> constexpr int blocks_before(std::integer_sequence<int, R...>) {
  return ((P::template region_at<R>.level == K ? blocks_of<P, R>() : 0) + ... + 0);
}
/// Blocks of kernel K.
template <class P, int K> inline constexpr int grid = blocks_before<P, K>(std::make_integer_sequence<int, P::regions>{});

/// Numbers of shared memory of kernel K.
template <class P, int K, int... S> constexpr int shared_of(std::integer_sequence<int, S...>) {
  int n = 1;
  ((P::template region_of<S>.level == K && step_of<P, S>::shared_numbers > n ? void(n = step_of<P, S>::shared_numbers) : void()),
   ...);
  return n;
}
template <class P, int K> inline constexpr int shared_numbers = shared_of<P, K>(std::make_integer_sequence<int, P::steps>{});

template <class P, int S, class C>
KNIT_FN void run_step(C const& c, typename P::number* shared, memory<P> const& m, int share, int shares) {
  using step_type = step_of<P, S>;
  if constexpr (!std::is_same_v<step_type, no_step>) step_type::run(c, shared, m, share, shares);
}
template <class P, int R, class C, int... S> KNIT_FN void run_slab(C const& c, [[maybe_unused]] typename P::number* shared,
                                                                   memory<P> const& m, [[maybe_unused]] int share,
                                                                   [[maybe_unused]] int shares, std::integer_sequence<int, S...>) {
  constexpr int first = P::template region_at<R>.first;
  (run_step<P, first + S>(c, shared, m, share, shares), ...);
}
template <class P, int K, int R, class C> KNIT_FN void run_region(C const& c, typename P::number* shared, memory<P> m, int block) {
  constexpr region r = P::template region_at<R>;
  constexpr int first = blocks_before<P, K>(std::make_integer_sequence<int, R>{}), blocks = blocks_of<P, R>();
  if constexpr (r.level == K && blocks > 0) {
    if (block < first || block >= first + blocks) return;
    constexpr auto steps = std::make_integer_sequence<int, r.last - r.first>{};
    constexpr int slabs = r.slabs, extent = r.extent;
    constexpr long name = r.name;
    if constexpr (slabs == 1) {
      if constexpr (extent > 1) m.hi = extent_now<P, name>(m, extent);  // all in one slab: what made more of them has moved away
      run_slab<P, R>(c, shared, m, block - first, blocks, steps);
    } else {
      m.run = block - first;
      m.first = true;
      for (int s = r.run_begin(m.run); s < r.run_begin(m.run + 1); ++s, m.first = false) {
        m.lo = r.bound(s), m.hi = r.bound(s + 1);
        if constexpr (name != 0) {
          const int end = extent_now<P, name>(m, extent);
          m.hi = m.hi < end ? m.hi : end;
          m.lo = m.lo < end ? m.lo : end;
          if (m.lo == m.hi && !m.first) break;  // a run of nothing has a part all the same: nothing
        }
        run_slab<P, R>(c, shared, m, 0, 1, steps);
      }
    }
  }
}
template <class P, int K, class C, int... R>
KNIT_FN void run_regions(C const& c, typename P::number* shared, memory<P> const& m, int block, std::integer_sequence<int, R...>) {
  (run_region<P, K, R>(c, shared, m, block), ...);
}
/// Block number `block` of kernel K.
template <class P, int K, class C>
KNIT_FN void run_block(C const& c, typename P::number* shared, arguments<P> const& a, int block) {
  constexpr long own = P::own_floats;
  const memory<P> m{a, a.scratch + block * own};
  run_regions<P, K>(c, shared, m, block, std::make_integer_sequence<int, P::regions>{});
}

/// Blocks of the largest kernel.
template <class P> constexpr int most_blocks() {
  return []<int... K>(std::integer_sequence<int, K...>) {
    int n = 1;
    ((grid<P, K> > n ? void(n = grid<P, K>) : void()), ...);
    return n;
  }(std::make_integer_sequence<int, P::kernels>{});
}
template <class P> inline constexpr long scratch_numbers = P::own_floats * most_blocks<P>();

}  // namespace knit::cuda
