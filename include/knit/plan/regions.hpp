// SPDX-License-Identifier: BSL-1.0
// regions.hpp -- in: a flat graph. out: which values share a slab axis and so a region, and at which level.
#pragma once
#include <knit/plan/plan.hpp>

namespace knit {

// A region is a set of values that can be computed slab by slab along one axis without ever looking into
// another slab: elementwise values, reductions along other axes, contractions that sum over another axis.
// Everything that needs all slabs of a value waits for the next level. So a forward and backward pass is one
// region along the instances, and the weight gradients, which sum over instances, are the next.

struct tuning {
  double serial_below = 2e5;     ///< flops of a program too small for threads (region and barriers: 2 us)
  int most_slabs = 64;
  int most_map_slabs = 1024;
  int slab_elements = 32768;     ///< of an elementwise region: 128 KB of floats, half of an L2
  int column_tile = 14;          ///< widest register tile of the products
};

namespace detail {

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
        if (!is_alias(g, v)) continue;
        const access a = resolve(g, v);
        for (int q = 0; q < max_rank; ++q)
          if (a.axis[q] != no_axis) c.join(v, q, a.node, a.axis[q]);
      } else if (f.what == kind::contract) {
        for (int i = 0; f.labels[k][i]; ++i) {
          if (g.extents[u].extent[i] == 1) continue;
          const int q = axis_of_letter(f, 2, f.labels[k][i]);
          if (q != no_axis) c.join(u, i, v, q);
          else if (k == 0) c.join(u, i, g.operand(v, 1), axis_of_letter(f, 1, f.labels[k][i]));
        }
      } else
        for (int q = 0; q < max_rank; ++q)
          if (g.extents[u].extent[q] > 1 && g.extents[v].extent[q] > 1) c.join(u, q, v, q);
    }
  return c;
}

template <int N, int R> struct region_maker {
  static constexpr int never = 1 << 20;
  flat_graph const& g;
  plan<N, R>& p;
  axis_classes<N> classes;
  int available[N]{};  ///< first level at which anyone may read the value
  int home[N]{};       ///< region, -1: not placed
  int trial[N]{}, trial_axis[N]{}, trial_cut[N]{};
  int stamp = 0;

  constexpr region_maker(flat_graph const& graph, plan<N, R>& out) : g(graph), p(out), classes(find_classes<N>(graph)) {
    for (int v = 0; v < g.size; ++v) home[v] = -1;
    refresh();
  }

  constexpr void refresh() {
    for (int v = 0; v < g.size; ++v) {
      switch (p.roles[v]) {
        case role::leaf:
        case role::constant: available[v] = 0; break;
        case role::view: available[v] = available[resolve(g, v).node]; break;
        case role::inlined: {
          int a = 0;
          for (int k = 0; k < g.arity(v); ++k) a = max_of(a, available[g.operand(v, k)]);
          available[v] = a;
          break;
        }
        case role::computed: available[v] = home[v] < 0 ? never : p.level[v] + 1;
      }
    }
  }
  static constexpr int max_of(int a, int b) { return a > b ? a : b; }

  /// Can v join the trial region at this level, cut along the given class? Sets trial_axis[v].
  constexpr bool joins(int v, int level, int cls) {
    op_info const& f = g.info(v);
    if (f.what == kind::view) return false;  // a copying reshape sees all slabs
    int cut = -3;
    for (int k = 0; k < f.arity; ++k) {
      const access a = resolve(g, g.operand(v, k));
      if (p.roles[a.node] != role::computed || trial[a.node] != stamp) {
        if (available[a.node] > level) return false;
        continue;
      }
      if (trial_axis[a.node] < 0) return false;
      const int q = axis_in_user(g, v, k, a, trial_axis[a.node]);
      if (q == no_axis || (cut != -3 && cut != q)) return false;
      cut = q;
    }
    shape const& own = f.what == kind::reduce ? g.extents[g.operand(v, 0)] : g.extents[v];
    const int self = f.what == kind::reduce ? g.operand(v, 0) : v;
    if (cut == -3)
      for (int q = 0; q < max_rank && cut == -3; ++q)
        if (own.extent[q] > 1 && classes.of(self, q) == cls) cut = q;
    if (cut == -3) return false;
    trial_cut[v] = cut;
    trial_axis[v] = f.what == kind::reduce && f.reduces(cut, own, g.extents[v]) ? partial_axis : cut;
    return true;
  }

  /// Grows a region along one class as far as it goes; its weight in flops.
  constexpr double grow(int level, int cls) {
    ++stamp;
    double weight = 0;
    for (int v = 0; v < g.size; ++v)
      if (p.roles[v] == role::computed && home[v] < 0 && joins(v, level, cls)) {
        trial[v] = stamp;
        weight += flops_of(g, v) + 1;
      }
    return weight;
  }

  constexpr void settle(int level, int extent) {
    const int index = p.add_region(level);
    region& r = p.regions[index];
    r.extent = extent;
    for (int v = 0; v < g.size; ++v)
      if (p.roles[v] == role::computed && home[v] < 0 && trial[v] == stamp) {
        home[v] = index;
        p.level[v] = level;
        p.slab_axis[v] = trial_axis[v];
        p.cut_axis[v] = trial_cut[v];
        r.flops += flops_of(g, v);
      }
  }

  /// Whatever is left and ready goes into one region without slabs, done in order by one thread.
  constexpr bool settle_whole(int level) {
    ++stamp;
    bool any = false;
    for (int v = 0; v < g.size; ++v) {
      if (p.roles[v] != role::computed || home[v] >= 0) continue;
      bool ok = true;
      for (int k = 0; k < g.arity(v); ++k) ok = ok && readable_in_order(g.operand(v, k), level);
      if (!ok) continue;
      trial[v] = stamp;
      trial_axis[v] = trial_cut[v] = no_axis;
      any = true;
    }
    if (any) settle(level, 1);
    return any;
  }
  constexpr bool readable_in_order(int v, int level) {
    const int u = resolve(g, v).node;
    if (available[u] <= level || (p.roles[u] == role::computed && trial[u] == stamp)) return true;
    if (p.roles[u] != role::inlined) return false;
    for (int k = 0; k < g.arity(u); ++k)
      if (!readable_in_order(g.operand(u, k), level)) return false;
    return true;
  }

  /// Cuts every region into slabs.
  constexpr void cut(tuning const& t) {
    for (int r = 0; r < p.region_count; ++r) {
      region& c = p.regions[r];
      if (c.extent == 1) continue;
      bool lanes = false, contracts = false;
      double elements = 0;
      for (int v = 0; v < g.size; ++v) {
        if (home[v] != r) continue;
        op_info const& f = g.info(v);
        // Rows of a matrix are cut between panels; a vector may be cut anywhere.
        shape const& space = f.what == kind::reduce ? g.extents[g.operand(v, 0)] : g.extents[v];
        lanes = lanes || (p.cut_axis[v] == 0 && (space.size() > space.extent[0] || f.what == kind::contract));
        contracts = contracts || f.what == kind::contract;
        if (double(g.extents[v].size()) > elements) elements = double(g.extents[v].size());
        for (int k = 0; k < g.arity(v); ++k)
          if (double(g.extents[g.operand(v, k)].size()) > elements) elements = double(g.extents[g.operand(v, k)].size());
      }
      c.granule = lanes ? panel_rows : contracts ? 1 : 16;
      const int units = (c.extent + c.granule - 1) / c.granule;
      if (contracts && !lanes) {
        int width = 0;
        for (int w = t.column_tile; w >= t.column_tile / 2 && width == 0; --w)
          if (c.extent % w == 0) width = w;
        if (width == 0) width = t.column_tile - 1;
        c.slabs = (c.extent + width - 1) / width;
      } else if (contracts) c.slabs = units;
      else c.slabs = int(elements / t.slab_elements) + 1;
      const int most = contracts ? t.most_slabs : t.most_map_slabs;
      if (c.slabs > most) c.slabs = most;
      if (c.slabs > units) c.slabs = units;
    }
  }
};

/// Roles, levels and regions.
template <int N, int R> constexpr void make_regions(flat_graph const& g, plan<N, R>& p, int* home, tuning const& t) {
  for (int v = 0; v < g.size; ++v) {
    p.slab_axis[v] = p.cut_axis[v] = no_axis;
    if (g.is_leaf(v)) p.roles[v] = role::leaf;
    else if (g.is_constant(v)) p.roles[v] = role::constant;
    else if (is_alias(g, v)) p.roles[v] = role::view;
    else if (g.info(v).what == kind::map && g.extents[v].size() == 1 && !g.info(v).indexed) p.roles[v] = role::inlined;
    else p.roles[v] = role::computed;
    p.flops += flops_of(g, v);
  }
  for (int r = 0; r < g.root_count; ++r)  // the next value of a scalar state is stored like any other
    if (g.roots[r].state >= 0) p.roles[g.roots[r].node] = role::computed;
  region_maker<N, R> m(g, p);
  p.parallel = p.flops > t.serial_below;
  int left = 0;
  for (int v = 0; v < g.size; ++v) left += p.roles[v] == role::computed;
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
  m.cut(t);
  for (int v = 0; v < g.size; ++v) home[v] = m.home[v];
}

}  // namespace detail
}  // namespace knit
