// SPDX-License-Identifier: BSL-1.0
// axes.hpp -- in: a graph. out: axes that must be walked together, and lists of who reads and replaces a value.
#pragma once
#include <knit/plan/plan.hpp>

namespace knit::detail {

template <int N> struct axis_classes {
  int parent[N * max_rank];
  constexpr axis_classes() : parent{} {
    for (int i = 0; i < N * max_rank; ++i) parent[i] = i;
  }
  constexpr int find(int i) {
    while (parent[i] != i) i = parent[i] = parent[parent[i]];
    return i;
  }
  constexpr int of(int node, int axis) { return find(node * max_rank + axis); }
  constexpr void join(int a, int x, int b, int y) { parent[of(a, x)] = of(b, y); }
};

/// Axes that must be walked together, over the whole graph.
template <int N> constexpr axis_classes<N> find_classes(flat_graph const& g) {
  axis_classes<N> c;
  for (int v = 0; v < g.size; ++v)
    for (int k = 0; k < g.arity(v); ++k) {
      op_info const& f = g.info(v);
      const int u = g.operand(v, k);
      if (f.what == kind::view) {
        if (!g.is_alias(v)) {
          for (int q = 0; q < max_rank; ++q)
            if (const int x = axis_kept(g.extents[u], q, g.extents[v]); x != no_axis) c.join(u, q, v, x);
          continue;
        }
        access const& a = g.read(v);
        for (int q = 0; q < max_rank; ++q)
          if (a.axis[q] != no_axis) c.join(v, q, a.node, a.axis[q]);
      } else if (f.what == kind::contract) {
        for (int i = 0; f.labels[k][i]; ++i) {
          if (g.extents[u].extent[i] == 1) continue;
          const int q = axis_of_letter(f, 2, f.labels[k][i]);
          if (q != no_axis) c.join(u, i, v, q);
          else if (const int r = axis_of_letter(f, 1, f.labels[k][i]); k == 0 && r != no_axis) c.join(u, i, g.operand(v, 1), r);
        }
      } else
        for (int q = 0; q < max_rank; ++q)
          if (g.extents[u].extent[q] > 1 && g.extents[v].extent[q] > 1) c.join(u, q, v, q);
    }
  return c;
}

/// Evaluations that reading an inlined scalar may cost: past a few it is stored, or shared ones would multiply.
inline constexpr int most_evaluations = 16;

/// Who reads a value by way of views: use `uses * v + k` is operand k of value v. And what roots make of it.
template <int N> struct use_lists {
  static constexpr int uses = 3;  ///< operands that an op may have
  int first_use[N]{}, next_use[uses * N]{};  ///< in order; -1: no more
  bool is_result[N]{};                       ///< some root is the value, by way of views
  int replaced_by[N]{};                      ///< of a leaf that is a state: the root that is its next value; else -1

  constexpr explicit use_lists(flat_graph const& g) {
    for (int v = 0; v < g.size; ++v) first_use[v] = -1;
    for (int v = g.size - 1; v >= 0; --v)
      for (int k = 0; k < g.arity(v) && !g.is_alias(v); ++k) {
        int& first = first_use[g.read(v, k).node];
        next_use[uses * v + k] = first;
        first = uses * v + k;
      }
    int* const root_of = new int[std::size_t(g.leaf_count) + 1]{};  // by the leaf's number, from 1
    for (int r = g.root_count - 1; r >= 0; --r) {
      is_result[g.read(g.roots[r].node).node] = true;
      if (g.roots[r].state < 0) continue;
      if (root_of[g.roots[r].state]) throw "knit: a state has two next values";
      root_of[g.roots[r].state] = r + 1;
    }
    for (int v = 0; v < g.size; ++v) replaced_by[v] = g.is_leaf(v) ? root_of[field(g.at[v], 0)] - 1 : -1;
    delete[] root_of;
  }
};

}  // namespace knit::detail
