// SPDX-License-Identifier: BSL-1.0
// stores.hpp -- in: steps. out: where results are written, states where they lie if that is right; the order of a step's values.
#pragma once
#include <knit/plan/steps.hpp>

namespace knit::detail {

/// May root `r`, whose value v is the next value of a state, be written where the state lies, as v is made?
/// Only if whatever reads the old value has read it by then: in an earlier kernel, earlier in the same slab,
/// or at the same element. `old`: that value, or -1.
template <int N, int R>
constexpr bool in_place(flat_graph const& g, plan<N, R> const& p, int const* home, use_lists<N> const& used, int r, int old) {
  const int v = g.roots[r].node;
  if (p.roles[v] != role::computed || p.slab_axis[v] == partial_axis || g.info(v).what == kind::reduce ||
      is_alone(p.steps[p.step_of[v]].kind))
    return false;
  for (int q = 0; q < r; ++q)
    if (g.roots[q].node == v && g.roots[q].state >= 0) return false;  // one value, two states
  if (old < 0) return true;  // nobody reads it
  if (used.is_result[old]) return false;  // an output that is the old value itself is copied at the end
  bool ok = true;
  for (int use = used.first_use[old]; use >= 0; use = used.next_use[use]) {
    const int x = use / used.uses, k = use % used.uses;
    access const& a = g.read(x, k);
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
  return ok;
}

/// Decides where roots are written: as they are made, or copied later; states that are copied are copied last of
/// all, since an output may read their old values.
template <int N, int R> constexpr void make_stores(flat_graph const& g, plan<N, R>& p, int const* home) {
  const use_lists<N> used(g);
  int old[R]{};
  for (int& v : old) v = -1;
  for (int v = 0; v < g.size; ++v)
    if (const int r = used.replaced_by[v]; r >= 0) old[r] = v;
  for (int pass = 0; pass < 3; ++pass) {
    const int last = p.kernels;
    for (int r = 0; r < g.root_count; ++r) {
      const int v = g.roots[r].node;
      const bool state = g.roots[r].state >= 0;
      const bool direct =
          p.roles[v] == role::computed && g.info(v).what == kind::map && (!state || in_place(g, p, home, used, r, old[r]));
      const bool contracted = p.roles[v] == role::computed && g.info(v).what == kind::contract && p.slab_axis[v] != partial_axis &&
                              (!state || in_place(g, p, home, used, r, old[r]));
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
  // Lists of values in order, from 1: contractions, and the others.
  int first[2][N + 2 * R]{}, behind[N]{};
  for (int v = g.size - 1; v >= 0; --v) {
    if (p.roles[v] != role::computed) continue;
    int& list = first[g.info(v).what != kind::contract][p.step_of[v]];
    behind[v] = list;
    list = v + 1;
  }
  int n = 0;
  for (int s = 0; s < p.step_count; ++s) {
    p.steps[s].first = n;
    for (int late = 0; late < 2; ++late)
      for (int v = first[late][s] - 1; v >= 0; v = behind[v] - 1) p.order[n++] = v;
    p.steps[s].last = n;
  }
}

}  // namespace knit::detail
