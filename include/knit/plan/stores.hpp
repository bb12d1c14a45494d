// SPDX-License-Identifier: BSL-1.0
// stores.hpp -- in: steps. out: where results are written, states where they lie if that is right; the order of a step's values.
#pragma once
#include <knit/plan/steps.hpp>

namespace knit::detail {

/// May root `r`, whose value v is the next value of a state, be written where the state lies, as v is made?
/// Only if whatever reads the old value has read it by then: in an earlier kernel, earlier in the same slab,
/// or at the same element.
template <int N, int R> constexpr bool in_place(flat_graph const& g, plan<N, R> const& p, int const* home, int r) {
  const int v = g.roots[r].node, leaf = g.roots[r].state;
  if (p.roles[v] != role::computed || p.slab_axis[v] == partial_axis || g.info(v).what == kind::reduce ||
      is_alone(p.steps[p.step_of[v]].kind))
    return false;
  for (int q = 0; q < r; ++q)
    if (g.roots[q].node == v && g.roots[q].state >= 0) return false;  // one value, two states
  for (int q = 0; q < g.root_count; ++q) {  // an output that is the old value itself is copied at the end
    int u = g.read(g.roots[q].node).node;
    if (g.is_leaf(u) && field(g.at[u], 0) == leaf) return false;
  }
  bool ok = true;
  for (int x = 0; x < g.size; ++x) {
    if (p.roles[x] != role::computed && p.roles[x] != role::inlined) continue;
    for (int k = 0; k < g.arity(x); ++k) {
      access const& a = g.read(x, k);
      if (!g.is_leaf(a.node) || field(g.at[a.node], 0) != leaf) continue;
      if (p.roles[x] == role::inlined) return false;  // read by value, wherever it is used
      if (p.level[x] < p.level[v]) continue;
      if (p.level[x] > p.level[v] || home[x] != home[v] || p.step_of[x] > p.step_of[v]) return false;
      op_info const& f = g.info(x);
      if (p.step_of[x] == p.step_of[v]) {
        ok = ok && f.what == kind::map && is_pointwise(g, a, p.steps[p.step_of[v]].space);
      } else if (p.slab_axis[v] != no_axis) {  // an earlier step of the same slab
        const int q = axis_in_user(g, x, k, a, p.slab_axis[v]);
        ok = ok && q != no_axis && q == p.cut_axis[x];
      }
    }
  }
  return ok;
}

/// Decides where roots are written: as they are made, or copied later; states that are copied are copied last of
/// all, since an output may read their old values.
template <int N, int R> constexpr void make_stores(flat_graph const& g, plan<N, R>& p, int const* home) {
  for (int pass = 0; pass < 3; ++pass) {
    const int last = p.kernels;
    for (int r = 0; r < g.root_count; ++r) {
      const int v = g.roots[r].node;
      const bool state = g.roots[r].state >= 0;
      const bool direct = p.roles[v] == role::computed && g.info(v).what == kind::map && (!state || in_place(g, p, home, r));
      const bool contracted = p.roles[v] == role::computed && g.info(v).what == kind::contract && p.slab_axis[v] != partial_axis &&
                              (!state || in_place(g, p, home, r));
      if (pass != (direct || contracted ? 0 : state ? 2 : 1)) continue;
      int s = p.step_of[v];
      if (pass > 0) {  // a step that only writes
        int level = last;
        if (!state) {   // an output is written as soon as all of it is there
          level = 0;
          reads<N> in;
          access const& base = g.read(v);
          if (p.roles[base.node] == role::inlined) find_reads(g, p, base.node, in);
          else in.at[in.count++] = base;
          for (int i = 0; i < in.count; ++i) {
            const int u = in.at[i].node;
            if (p.roles[u] == role::computed && p.level[u] + 1 > level) level = p.level[u] + 1;
          }
        }
        if (level >= p.kernels) p.kernels = level + 1;
        const int index = p.add_region(level);
        s = p.add_step(step_kind::map, g.extents[v], index, no_axis, lane_axis_of(g.extents[v]));
        p.regions[index].last = p.step_count;
      }
      p.stores[p.store_count++] = {v, r, s};
    }
  }
}

/// Lists the values of each step together, in order; a contraction comes before what is done with its tiles, also
/// before what does not read it.
template <int N, int R> constexpr void make_order(flat_graph const& g, plan<N, R>& p) {
  int n = 0;
  for (int s = 0; s < p.step_count; ++s) {
    p.steps[s].first = n;
    for (int late = p.steps[s].kind == step_kind::contract ? 0 : 1; late < 2; ++late)
      for (int v = 0; v < g.size; ++v)
        if (p.roles[v] == role::computed && p.step_of[v] == s &&
            (p.steps[s].kind != step_kind::contract || late == (g.info(v).what != kind::contract)))
          p.order[n++] = v;
    p.steps[s].last = n;
  }
}

}  // namespace knit::detail
