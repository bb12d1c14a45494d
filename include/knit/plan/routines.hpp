// SPDX-License-Identifier: BSL-1.0
// routines.hpp -- in: values that have no region. out: products and convolutions that a library's routine may do, each a region
// of its own.
#pragma once
#include <knit/plan/convolutions.hpp>
#include <knit/plan/grow.hpp>

namespace knit::detail {

template <int N, int R> struct routine_maker : region_grower<N, R> {
  using grower = region_grower<N, R>;
  using grower::available, grower::first_use, grower::flops, grower::g, grower::home, grower::is_left, grower::is_result,
      grower::next_use, grower::p, grower::replaced_by, grower::settle, grower::stamp, grower::t, grower::trial, grower::trial_axis,
      grower::trial_cut, grower::uses, grower::verdicts, grower::waiting, grower::waiting_count, grower::region_grower;

  /// Is all there that v reads?
  constexpr bool ready(int v, int level) const {
    bool all = true;
    for (int k = 0; k < g.arity(v); ++k) all = all && available[g.operand(v, k)] <= level;
    return all;
  }

  /// Notes the products and convolutions that are worth a routine. What they read and write travels through memory, and what is
  /// before and after them is two kernels and not one: that has to be small beside them.
  constexpr void find_products() {
    if (t.routine_flops == 0) return;
    for (int v = 0; v < g.size; ++v) {
      if (p.roles[v] != role::computed || g.info(v).what != kind::contract) continue;
      const double bytes = double(g.extents[v].size()) * double(bytes_of(g.number));
      if (flops[v] <= t.routine_flops + t.routine_byte_flops * bytes) continue;
      is_left[v] = matrix_product_of(g, v, places_of(g, v)).rows > 0 || convolution_in_plan(v).filters > 0;
      // A routine takes a factor from memory.
      if (const addition a = addition_to(v); is_left[v] && a.sum >= 0 && p.roles[a.factor] == role::inlined)
        p.roles[a.factor] = role::computed;
    }
    grower::refresh();
  }

  /// Is u numbers in memory once its region is done, all of them, not parts of them and not what each reader works out?
  constexpr bool is_whole(int u) const {
    if (p.roles[u] != role::computed) return p.roles[u] == role::leaf;
    return home[u] >= 0 && p.slab_axis[u] != partial_axis && !p.regions[home[u]].every_thread;
  }

  /// A region for each product that is left to a routine and ready, with what the routine can do besides: its one reader, and
  /// the one reader of that, if they are a sum with a number for each row, or each filter, and a relu; or a number times it and
  /// the sum of that with the old value of a state, which becomes the new one: an update.
  constexpr void settle_products(int level) {
    for (int v = 0; v < g.size; ++v) {
      if (!is_left[v] || home[v] >= 0 || !ready(v, level)) continue;
      is_left[v] = is_whole(g.read(v, 0).node) && is_whole(g.read(v, 1).node);
      if (!is_left[v]) continue;
      for (int i = 0; i < waiting_count; ++i) verdicts[waiting[i]] = {refusal::reason::left, waiting[i]};
      ++stamp;
      put(v);
      const bool slides = g.info(v).slides;
      if (const addition a = addition_to(v);
          a.sum >= 0 && is_whole(a.factor) && available[a.factor] <= level && is_read_before(a.state, a.sum, level)) {
        put(a.scaled);
        put(a.sum);
      } else if (!slides || convolution_in_plan(v).computes == convolution_part::result) {
        int last = v;
        if (const int x = sole_reader(last); x >= 0 && adds_along(slides ? 2 : lane_axis_of(g.extents[v]), x, last, level))
          put(last = x);
        const bool may = !slides || last != v;  // cuDNN has no plan of a convolution and relu without a bias
        if (const int x = sole_reader(last); may && x >= 0 && g.info(x).follows == epilogue::relu) put(last = x);
      }
      settle(level, 1);
      p.regions[p.region_count - 1].routine = true;
    }
  }

 private:
  /// A state whose next value is the old one and a number times a product.
  struct addition {
    int scaled = -1, sum = -1;  ///< values; -1: there is none
    int factor = -1, state = -1;
  };
  constexpr addition addition_to(int v) const {
    addition a;
    a.scaled = g.info(v).slides ? -1 : sole_reader(v);
    if (a.scaled < 0 || g.info(a.scaled).follows != epilogue::factor) return {};
    a.factor = g.read(a.scaled, g.read(a.scaled, 0).node == v ? 1 : 0).node;
    if (g.extents[a.factor].size() != 1 || !are_numbers(g, a.factor)) return {};
    const int sum = sole_reader(a.scaled);
    if (sum < 0 || g.info(sum).follows != epilogue::sum || first_use[sum] >= 0) return {};
    access const& old = g.read(sum, g.read(sum, 0).node == a.scaled ? 1 : 0);
    if (!g.is_leaf(old.node) || !are_numbers(g, old.node) || !is_pointwise(g, old, g.extents[sum])) return {};
    if (const int r = replaced_by[old.node]; r >= 0 && g.roots[r].node == sum) a.sum = sum, a.state = old.node;
    return a;
  }
  /// Have all but one of its readers read a leaf before a level? Only then may it be overwritten there.
  constexpr bool is_read_before(int leaf, int but, int level) const {
    for (int use = first_use[leaf]; use >= 0; use = next_use[use])
      if (const int x = use / uses; x != but && (home[x] < 0 || p.level[x] >= level)) return false;
    return true;
  }
  /// Its result has no gaps (lay_out).
  constexpr convolution convolution_in_plan(int v) const {
    contraction_places lie = places_of(g, v);
    lie.at[2].leading = g.extents[v].extent[0];
    return convolution_of(g, v, lie);
  }
  constexpr void put(int v) {
    trial[v] = stamp;
    trial_axis[v] = trial_cut[v] = no_axis;
  }
  /// The value that alone reads v, in place; -1: there is none, or v is a result.
  constexpr int sole_reader(int v) const {
    const int use = first_use[v];
    if (use < 0 || next_use[use] >= 0 || is_result[v]) return -1;
    const int x = use / uses;
    return p.roles[x] == role::computed && g.info(x).what == kind::map && is_pointwise(g, g.read(x, use % uses), g.extents[x]) ? x
                                                                                                                               : -1;
  }
  /// Does x add a number for each place along an axis to v, numbers that are there and lie side by side?
  constexpr bool adds_along(int axis, int x, int v, int level) const {
    if (g.info(x).follows != epilogue::sum) return false;
    access const& a = g.read(x, g.read(x, 0).node == v ? 1 : 0);
    if (a.sampled || a.axis[axis] == no_axis || available[a.node] > level || !is_whole(a.node)) return false;
    for (int q = 0; q < max_rank; ++q)
      if (q != axis && a.axis[q] != no_axis) return false;
    return are_numbers(g, a.node) && g.extents[a.node].size() == g.extents[v].extent[axis];
  }
};

}  // namespace knit::detail
