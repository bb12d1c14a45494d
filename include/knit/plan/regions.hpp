// SPDX-License-Identifier: BSL-1.0
// regions.hpp -- in: a flat graph. out: which values share a slab axis and so a region, and at which level.
#pragma once
#include <knit/plan/grow.hpp>

namespace knit {

// A region is a set of values that can be computed slab by slab along one axis without ever looking into
// another slab: elementwise values, reductions along other axes, contractions that sum over another axis.
// Everything that needs all slabs of a value waits for the next level. So a forward and backward pass is one
// region along the instances, and the weight gradients, which sum over instances, are the next.

namespace detail {

/// Roles, levels and regions.
template <int N, int R> constexpr void make_regions(flat_graph const& g, plan<N, R>& p, int* home, tuning const& t) {
  int evaluations[N]{};  // that reading an inlined scalar costs; past a few it is stored, or shared ones would multiply
  constexpr int most_evaluations = 16;
  for (int v = 0; v < g.size; ++v) {
    p.slab_axis[v] = p.cut_axis[v] = no_axis;
    if (g.is_leaf(v)) p.roles[v] = role::leaf;
    else if (g.is_constant(v)) p.roles[v] = role::constant;
    else if (is_alias(g, v)) p.roles[v] = role::view;
    else {
      p.roles[v] = role::computed;
      if (g.info(v).what == kind::map && g.extents[v].size() == 1 && !g.info(v).indexed) {
        evaluations[v] = 1;
        for (int k = 0; k < g.arity(v); ++k) evaluations[v] += evaluations[resolve(g, g.operand(v, k)).node];
        if (evaluations[v] <= most_evaluations) p.roles[v] = role::inlined;
        else evaluations[v] = 0;
      }
    }
    p.flops += flops_of(g, v);
  }
  for (int r = 0; r < g.root_count; ++r)  // the next value of a scalar state is stored like any other
    if (g.roots[r].state >= 0) p.roles[g.roots[r].node] = role::computed;
  region_maker<N, R> m(g, p, t);
  p.parallel = p.flops > t.serial_below;
  if (p.parallel) m.replicate();
  int left = 0;
  for (int v = 0; v < g.size; ++v) left += p.roles[v] == role::computed && m.home[v] < 0;
  for (int level = 0; left > 0; ++level) {
    if (level > g.size) throw "knit: a value can never be computed";
    bool any = false;
    while (p.parallel) {
      int best = -1, best_extent = 1, tried[N]{}, tries = 0;
      double best_weight = 0;
      for (int v = 0; v < g.size; ++v) {
        if (p.roles[v] != role::computed || m.home[v] >= 0) continue;
        bool ready = true;
        for (int k = 0; k < g.arity(v); ++k) ready = ready && m.available[g.operand(v, k)] <= level;
        if (!ready) continue;
        const int self = g.info(v).what == kind::reduce ? g.operand(v, 0) : v;
        for (int q = 0; q < max_rank; ++q) {
          if (g.extents[self].extent[q] == 1) continue;
          const int c = m.classes.of(self, q);
          bool seen = false;
          for (int i = 0; i < tries; ++i) seen = seen || tried[i] == c;
          if (seen || tries == N) continue;
          tried[tries++] = c;
          const double w = m.grow(level, c);
          if (w > best_weight) best = c, best_weight = w, best_extent = g.extents[self].extent[q];
        }
      }
      if (best < 0) break;
      m.grow(level, best);
      m.settle(level, best_extent);
      any = true;
      // Values of this level are read by others of it only within their region, so nothing becomes available.
    }
    any = m.settle_whole(level) || any;
    m.refresh();
    left = 0;
    for (int v = 0; v < g.size; ++v) left += p.roles[v] == role::computed && m.home[v] < 0;
    p.kernels = level + 1;
  }
  if (p.parallel) m.move_late();
  m.close_levels();
  m.cut();
  for (int v = 0; v < g.size; ++v) home[v] = m.home[v];
}

}  // namespace detail
}  // namespace knit
