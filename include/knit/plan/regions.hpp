// SPDX-License-Identifier: BSL-1.0
// regions.hpp -- in: a flat graph. out: which values share a slab axis and so a region, and at which level.
#pragma once
#include <knit/plan/levels.hpp>

namespace knit {

// A region is a set of values that can be computed slab by slab along one axis without ever looking into
// another slab: elementwise values, reductions along other axes, contractions that sum over another axis.
// Everything that needs all slabs of a value waits for the next level. So a forward and backward pass is one
// region along the instances, and the weight gradients, which sum over instances, are the next.

namespace detail {

/// Roles, levels and regions.
template <int N, int R> constexpr void make_regions(flat_graph const& g, plan<N, R>& p, int* home, tuning const& t) {
  int evaluations[N]{};  // that reading an inlined scalar costs
  for (int v = 0; v < g.size; ++v) {
    p.slab_axis[v] = p.cut_axis[v] = no_axis;
    if (g.is_leaf(v)) p.roles[v] = role::leaf;
    else if (g.is_constant(v)) p.roles[v] = role::constant;
    else if (g.is_alias(v)) p.roles[v] = role::view;
    else {
      p.roles[v] = role::computed;
      if (g.info(v).what == kind::map && g.extents[v].size() == 1 && !g.info(v).indexed) {
        evaluations[v] = 1;
        for (int k = 0; k < g.arity(v); ++k) evaluations[v] += evaluations[g.read(v, k).node];
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
  if (p.parallel) {
    m.find_products();
    m.replicate();
  }
  for (int level = 0; m.waiting_count > 0; ++level) {
    if (level > g.size) throw "knit: a value can never be computed";
    m.fill_level(level);
    m.refresh();
    p.kernels = level + 1;
  }
  if (p.parallel) m.move_late();
  m.close_levels();
  m.cut();
  for (int v = 0; v < g.size; ++v) home[v] = m.home[v];
}

}  // namespace detail
}  // namespace knit
