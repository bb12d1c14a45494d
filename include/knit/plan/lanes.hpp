// SPDX-License-Identifier: BSL-1.0
// lanes.hpp -- in: values and their axes. out: which axis of each lies in lanes.
#pragma once
#include <knit/plan/axes.hpp>
#include <knit/plan/matrices.hpp>

namespace knit::detail {

/// What an axis in lanes, instead of the first, costs or spares: in operations on registers, for all values of its class.
struct lane_cost {
  double first = 0, turned = 0;
  bool possible = true;
};

/// The axis along which the numbers of a value lie side by side, if it is stored; of a leaf in panels the rows.
template <int N, int R> constexpr int beside_axis(flat_graph const& g, plan<N, R> const& p, int v) {
  const bool turned = p.roles[v] == role::computed && p.lane[v] != lane_axis_of(space_of(g, v));
  return turned && g.extents[v].extent[p.lane[v]] > 1 ? p.lane[v] : 0;
}

/// The axis of v's space that is of class c, or no_axis.
template <int N> constexpr int axis_of_class(flat_graph const& g, axis_classes<N>& classes, int v, int c) {
  const int self = g.is_op(v) && g.info(v).what == kind::reduce ? g.operand(v, 0) : v;
  for (int q = 0; q < max_rank; ++q)
    if (g.extents[self].extent[q] > 1 && classes.of(self, q) == c) return q;
  return no_axis;
}

template <int N, int R> constexpr lane_cost cost_of_lanes(flat_graph const& g, plan<N, R> const& p, axis_classes<N>& classes,
                                                          use_lists<N> const& used, int c, int lanes) {
  // A register of numbers that lie apart, gathered or scattered, and of rows of a matrix that is turned: measured on a Zen 4, where
  // these make the model right, to a tenth, for the networks of bench/lanes.cpp.
  const double apart = 2.25 * lanes, turning = 10;
  // Sums of products along the lanes: reading what they are of, and adding up lanes.
  constexpr double summing = 1.4;
  auto registers = [lanes](int n) { return double((n + lanes - 1) / lanes); };
  lane_cost cost;
  for (int v = 0; v < g.size && cost.possible; ++v) {
    if (p.roles[v] != role::computed) continue;
    op_info const& f = g.info(v);
    const shape s = space_of(g, v);
    const int q = axis_of_class(g, classes, v, c);
    const double terms = f.what == kind::contract ? flops_of(g, v) / (2 * double(s.size())) : 0;
    auto reading = [&](double each) {  // along the class' axis what the caller gives lies apart
      for (int k = 0; k < g.arity(v); ++k) {
        access const& a = g.read(v, k);
        const int i = axis_of_class(g, classes, g.operand(v, k), c);
        // Rows of a weight would be the columns of a product, which are read as they lie from one panel and packed from more.
        if (f.what == kind::contract && i == no_axis && g.is_leaf(a.node) && a.axis[0] == 0 &&
            g.leaves[field(g.at[a.node], 0)].lies.panels && g.extents[a.node].extent[0] > panel_rows &&
            axis_of_letter(f, 2, f.labels[k][0]) != no_axis)
          cost.possible = false;
        if (p.roles[a.node] == role::leaf && i != no_axis && a.axis[i] != 0)
          cost.turned += each * registers(g.extents[a.node].extent[a.axis[i]]) *
                         (double(g.extents[a.node].size()) / g.extents[a.node].extent[a.axis[i]]);
      }
    };
    if (q == no_axis) {
      bool sums = false;
      for (int i = 0; f.what == kind::contract && f.labels[0][i]; ++i)
        sums = sums || (g.extents[g.operand(v, 0)].extent[i] > 1 && classes.of(g.operand(v, 0), i) == c &&
                        axis_of_letter(f, 2, f.labels[0][i]) == no_axis);
      if (!sums) continue;
      cost.possible = !f.slides;
      const int rows = s.extent[lane_axis_of(s)];
      cost.first += terms * registers(rows) * double(s.size()) / rows;
      cost.turned += summing * registers(int(terms)) * double(s.size());
      reading(apart);
      continue;
    }
    int axes = 0, of_class = 0;
    const int self = f.what == kind::reduce ? g.operand(v, 0) : v;
    for (int x = 0; x < max_rank; ++x) {
      axes += s.extent[x] > 1;
      of_class += s.extent[x] > 1 && classes.of(self, x) == c;
    }
    const int m = int(s.size() / s.extent[q]), n = s.extent[q];
    cost.possible = axes <= 2 && of_class == 1 && !f.slides && f.what != kind::view && f.what != kind::scan;
    for (int r = 0; r < g.root_count && used.is_result[v]; ++r)
      if (g.read(g.roots[r].node).node == v && axes == 2) cost.turned += apart * m * registers(n);
    const double work = f.what == kind::contract ? terms : f.what == kind::reduce ? 1 : double(f.flops);
    cost.first += work * (q == lane_axis_of(s) ? registers(n) * m : registers(m) * n);
    cost.turned += work * registers(n) * m;
    reading(f.what == kind::contract ? turning : apart);
  }
  return cost;
}

/// Lanes are along the first axis of a value, or, if they are fuller so, along another: instances of small layers, say.
template <int N, int R> constexpr void choose_lanes(flat_graph const& g, plan<N, R>& p, axis_classes<N>& classes,
                                                    use_lists<N> const& used, double turned_below, int register_bytes) {
  for (int v = 0; v < g.size; ++v)
    if (g.is_op(v)) p.lane[v] = lane_axis_of(space_of(g, v));
  if (turned_below == 0) return;
  const int in_register = register_bytes / int(bytes_of(g.number)), lanes = in_register > 0 ? in_register : 1;
  bool seen[N * max_rank]{};
  for (int r = 0; r < g.root_count; ++r) {  // the next value of a state lies as the state does
    const int v = g.read(g.roots[r].node).node;
    if (g.roots[r].state < 0 || p.roles[v] != role::computed) continue;
    const int self = g.info(v).what == kind::reduce ? g.operand(v, 0) : v;
    for (int q = 0; q < max_rank; ++q)
      if (g.extents[self].extent[q] > 1) seen[classes.of(self, q)] = true;
  }
  for (int v = 0; v < g.size; ++v) {
    if (p.roles[v] != role::computed || g.info(v).what != kind::contract) continue;
    for (int q = 0; q < max_rank; ++q) {
      if (g.extents[v].extent[q] == 1 || q == lane_axis_of(g.extents[v])) continue;
      const int c = classes.of(v, q);
      if (seen[c]) continue;
      seen[c] = true;
      const lane_cost cost = cost_of_lanes(g, p, classes, used, c, lanes);
      if (!cost.possible || cost.turned >= turned_below * cost.first) continue;
      for (int u = 0; u < g.size; ++u)
        if (p.roles[u] == role::computed)
          if (const int x = axis_of_class(g, classes, u, c); x != no_axis) p.lane[u] = x;
    }
  }
}

}  // namespace knit::detail
