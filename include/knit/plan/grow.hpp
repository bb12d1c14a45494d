// SPDX-License-Identifier: BSL-1.0
// grow.hpp -- in: values and the levels of those that they read. out: regions, each grown along one slab axis.
#pragma once
#include <knit/plan/plan.hpp>

namespace knit {

struct tuning {
  double serial_below = 2e5;     ///< flops of a program too small for threads (region and barriers: 2 us)
  int most_slabs = 1024;
  int most_runs = 32;            ///< parts of a sum over all slabs; what threads share
  double slab_flops = 4096;      ///< of a region without products: a microsecond of work
  /// Operations for which a thread makes an element itself: fetching 4 bytes from another core costs more.
  int cheap_flops = 8;
  int column_tile = 14;          ///< widest register tile of the products
  /// With many instances a slab is so many tiles wide: what a small network makes of it stays in the first cache,
  /// and its weights are loaded once for all of them.
  int slab_tiles = 4;
  int few_slabs = 64;            ///< what a slab of one tile may be up to
  /// What reading a byte costs that another core wrote last, in flops: 6 GB/s against 250 Gflop/s per core.
  double far_byte_flops = 40;
  /// What it costs that threads meet, in flops: a microsecond.
  double meeting_flops = 2.5e5;
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
  static constexpr int well_shared = 8;  ///< so many slabs are shared by a few threads without much waiting
  flat_graph const& g;
  plan<N, R>& p;
  axis_classes<N> classes;
  int available[N]{};  ///< first level at which anyone may read the value
  int home[N]{};       ///< region, -1: not placed
  int trial[N]{}, trial_axis[N]{}, trial_cut[N]{};
  product_letters letters[N]{};  ///< of contractions
  int stamp = 0;
  tuning const& t;

  constexpr region_maker(flat_graph const& graph, plan<N, R>& out, tuning const& tune)
      : g(graph), p(out), classes(find_classes<N>(graph)), t(tune) {
    for (int v = 0; v < g.size; ++v) {
      home[v] = -1;
      if (g.is_op(v) && g.info(v).what == kind::contract) letters[v] = product_of(g, v);
    }
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
        case role::computed:
          available[v] = home[v] < 0 ? never : p.regions[home[v]].every_thread ? 0 : p.level[v] + 1;
      }
    }
  }
  static constexpr int max_of(int a, int b) { return a > b ? a : b; }

  /// The axis of base value u that cutting v's operand k at `cut` cuts; no_axis: all of u is read by each slab.
  constexpr int cut_in_operand(int v, int k, access const& a, int cut) const {
    op_info const& f = g.info(v);
    if (f.what != kind::contract) return cut < 0 ? no_axis : a.axis[cut];
    const char letter = cut >= contracted_cut ? f.labels[0][cut - contracted_cut] : cut >= 0 ? f.labels[2][cut] : '\0';
    const int i = letter ? axis_of_letter(f, k, letter) : no_axis;
    return i == no_axis ? no_axis : a.axis[i];
  }

  /// Is a base value numbers in memory, of the kind that is computed in, all of them once?
  constexpr bool as_it_lies(int v) const {
    if (p.roles[v] == role::leaf) return g.leaves[field(g.at[v], 0)].holds == g.number;
    const int axis = trial[v] == stamp ? trial_axis[v] : p.slab_axis[v];
    return p.roles[v] == role::computed && axis != partial_axis;
  }

  /// May each slab sum its own part of a contracted axis? If the result is small beside what it is summed from
  /// (every slab keeps one), and both operands are read where they lie.
  constexpr bool sums_in_parts(int v, long operand_size) const {
    op_info const& f = g.info(v);
    if (g.extents[v].size() * 16 > operand_size) return false;
    product_letters const& l = letters[v];
    const access a = resolve(g, g.operand(v, l.side)), b = resolve(g, g.operand(v, 1 - l.side));
    auto panels = [&](int u) { return g.is_leaf(u) && g.leaves[field(g.at[u], 0)].lies.panels; };
    if (!as_it_lies(a.node) || !as_it_lies(b.node) || panels(b.node)) return false;
    return l.rows ? a.axis[axis_of_letter(f, l.side, l.rows)] == 0 : !panels(a.node);
  }

  /// Can v join the trial region at this level, cut along the given class? Sets trial_axis[v] and trial_cut[v].
  constexpr bool joins(int v, int level, int cls) {
    op_info const& f = g.info(v);
    if (f.what == kind::view) return false;  // a copying reshape sees all slabs
    constexpr int unknown = -3;
    int cut = unknown;
    long in_trial = 0;
    for (int k = 0; k < f.arity; ++k) {
      const access a = resolve(g, g.operand(v, k));
      if (p.roles[a.node] != role::computed || trial[a.node] != stamp) {
        if (available[a.node] > level) return false;
        continue;
      }
      if (trial_axis[a.node] < 0) return false;
      int q = axis_in_user(g, v, k, a, trial_axis[a.node]);
      if (q == no_axis && f.what == kind::contract)
        for (int i = 0; f.labels[k][i]; ++i)
          if (a.axis[i] == trial_axis[a.node]) q = contracted_cut + axis_of_letter(f, 0, f.labels[k][i]);
      if (q == no_axis || (cut != unknown && cut != q)) return false;
      cut = q;
      if (g.extents[a.node].size() > in_trial) in_trial = g.extents[a.node].size();
    }
    shape const& own = f.what == kind::reduce ? g.extents[g.operand(v, 0)] : g.extents[v];
    const int self = f.what == kind::reduce ? g.operand(v, 0) : v;
    if (cut == unknown)
      for (int q = 0; q < max_rank && cut == unknown; ++q)
        if (own.extent[q] > 1 && classes.of(self, q) == cls) cut = q;
    if (cut == unknown || (cut >= contracted_cut && !sums_in_parts(v, in_trial))) return false;
    trial_cut[v] = cut;
    trial_axis[v] = cut >= contracted_cut || (f.what == kind::reduce && f.reduces(cut, own, g.extents[v])) ? partial_axis : cut;
    return true;
  }

  constexpr bool is_state(int leaf) const {
    for (int r = 0; r < g.root_count; ++r)
      if (g.roots[r].state == leaf) return true;
    return false;
  }
  /// Bytes of states that v reads and that cutting it so does not cut: they come from the cores that wrote them.
  constexpr double far_bytes(int v, int cut) const {
    double bytes = 0;
    if (g.info(v).what == kind::contract)
      for (int k = 0; k < 2; ++k) {
        const access a = resolve(g, g.operand(v, k));
        if (g.is_leaf(a.node) && is_state(field(g.at[a.node], 0)) && cut_in_operand(v, k, a, cut) == no_axis)
          bytes += double(bytes_of(g.number)) * double(g.extents[a.node].size());
      }
    return bytes;
  }

  /// Does each slab of v, cut so, read its own part of all that v reads, as along the batch axis of a product?
  constexpr bool cuts_both(int v, int cut) const {
    op_info const& f = g.info(v);
    return f.what == kind::contract && cut >= 0 && cut < contracted_cut && axis_of_letter(f, 0, f.labels[2][cut]) != no_axis &&
           axis_of_letter(f, 1, f.labels[2][cut]) != no_axis;
  }

  /// Into how many slabs a set of values is cut, at multiples of what: in(v) says which values, cut[v] along which axis.
  struct cutting {
    int granule, slabs;
  };
  template <class In> constexpr cutting cut_of(In const& in, int const* cut, int extent, double flops) const {
    bool lanes = false, contracts = false, columns = false;  // columns: a slab is so many of some product, or of its terms
    for (int v = 0; v < g.size; ++v) {
      if (!in(v)) continue;
      op_info const& f = g.info(v);
      // The axis in lanes is cut between panels, but that of a vector may be cut anywhere.
      shape const& space = f.what == kind::reduce ? g.extents[g.operand(v, 0)] : g.extents[v];
      int lane = 0;
      while (lane + 1 < max_rank && space.extent[lane] == 1) ++lane;
      lanes = lanes || (cut[v] == lane && (space.size() > space.extent[lane] || f.what == kind::contract));
      if (f.what != kind::contract) continue;
      contracts = true;
      const char letter = cut[v] >= contracted_cut ? f.labels[0][cut[v] - contracted_cut] : f.labels[2][cut[v]];
      columns = columns || letter == letters[v].columns || letter == letters[v].terms;
    }
    const int granule = lanes ? panel_rows : contracts ? 1 : 16, units = (extent + granule - 1) / granule;
    int slabs = units;
    if (columns && !lanes) {
      int width = 0;
      for (int w = t.column_tile; w >= t.column_tile / 2 && width == 0; --w)
        if (extent % w == 0) width = w;
      if (width == 0) width = t.column_tile - 1;
      slabs = (extent + width - 1) / width;
      slabs += slabs % 2;  // two threads share an odd number badly
      if (slabs > t.few_slabs) {
        slabs = (extent - 1) / (t.slab_tiles * t.column_tile) + 1;
        if (slabs < t.few_slabs) slabs = t.few_slabs;
      }
    } else if (!contracts || !lanes) slabs = int(flops / t.slab_flops) + 1;
    if (slabs > t.most_slabs) slabs = t.most_slabs;
    return {granule, slabs < units ? slabs : units};
  }

  /// Grows a region along one class as far as it goes; its worth: the flops that a second thread saves, less those
  /// of reading far memory.
  constexpr double grow(int level, int cls, int extent) {
    ++stamp;
    double flops = 0, far = 0;
    int values = 0;
    for (int v = 0; v < g.size; ++v)
      if (p.roles[v] == role::computed && home[v] < 0 && joins(v, level, cls)) {
        trial[v] = stamp;
        flops += flops_of(g, v);
        far += far_bytes(v, trial_cut[v]);
        values += 1 + (extent >= well_shared && cuts_both(v, trial_cut[v]));
      }
    if (cut_of([&](int v) { return p.roles[v] == role::computed && trial[v] == stamp; }, trial_cut, extent, flops).slabs < 2) return 0;
    return (flops + values - t.far_byte_flops * far) / 2;
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

  /// Regions along the classes that are worth most, one after the other; what all are worth.
  constexpr double settle_regions(int level) {
    double worth = 0;
    while (true) {
      int best = -1, best_extent = 1, tried[N]{}, tries = 0;
      double best_worth = 0;
      for (int v = 0; v < g.size; ++v) {
        if (p.roles[v] != role::computed || home[v] >= 0) continue;
        bool ready = true;
        for (int k = 0; k < g.arity(v); ++k) ready = ready && available[g.operand(v, k)] <= level;
        if (!ready) continue;
        const int self = g.info(v).what == kind::reduce ? g.operand(v, 0) : v;
        for (int q = 0; q < max_rank; ++q) {
          if (g.extents[self].extent[q] == 1) continue;
          const int c = classes.of(self, q);
          bool seen = false;
          for (int i = 0; i < tries; ++i) seen = seen || tried[i] == c;
          if (seen || tries == N) continue;
          tried[tries++] = c;
          const double w = grow(level, c, g.extents[self].extent[q]);
          if (w > best_worth) best = c, best_worth = w, best_extent = g.extents[self].extent[q];
        }
      }
      if (best < 0) return worth;
      grow(level, best, best_extent);
      settle(level, best_extent);
      worth += best_worth;
      // Values of this level are read by others of it only within their region, so nothing becomes available.
    }
  }

  /// Whatever is left and ready goes into one region without slabs, done in order by one thread. What would gain more
  /// by a second thread than threads meeting costs waits for the next level, and with it what it can do without.
  constexpr bool settle_whole(int level) {
    ++stamp;
    bool any = false, waits = false, later[N]{}, needed[N]{};
    for (int v = 0; v < g.size; ++v) {
      if (p.roles[v] != role::computed || home[v] >= 0) continue;
      bool ok = true;
      for (int k = 0; k < g.arity(v); ++k) ok = ok && readable_in_order(g.operand(v, k), level);
      if (!ok) continue;
      if (p.parallel && flops_of(g, v) > 2 * t.meeting_flops && !ready(v, level)) {
        waits = later[v] = true;
        continue;
      }
      trial[v] = stamp;
      trial_axis[v] = trial_cut[v] = no_axis;
      any = true;
    }
    if (waits) {
      for (int v = g.size - 1; v >= 0; --v)
        if (later[v] || needed[v])
          for (int k = 0; k < g.arity(v); ++k) needed[resolve(g, g.operand(v, k)).node] = true;
      for (int v = 0; v < g.size; ++v) {
        if (p.roles[v] != role::computed || trial[v] != stamp || needed[v]) continue;
        bool stays = flops_of(g, v) <= t.slab_flops;
        for (int k = 0; k < g.arity(v); ++k) stays = stays && readable_in_order(g.operand(v, k), level);
        if (!stays) trial[v] = 0;
      }
    }
    if (any) settle(level, 1);
    return any;
  }
  constexpr bool ready(int v, int level) const {
    bool all = true;
    for (int k = 0; k < g.arity(v); ++k) all = all && available[g.operand(v, k)] <= level;
    return all;
  }

  /// Everything that is done at a level. Where the regions gain less than a meeting costs, one thread may go on alone,
  /// if it gets further than this level by that.
  constexpr void fill_level(int level) {
    const int first = p.region_count;
    const double worth = p.parallel ? settle_regions(level) : 0;
    settle_whole(level);
    if (!p.parallel || worth >= t.meeting_flops || p.region_count == first) return;
    region saved[N]{};
    int home_then[N]{}, slab_axis_then[N]{}, cut_axis_then[N]{}, placed = 0, placed_alone = 0;
    const int regions_then = p.region_count;
    for (int r = first; r < regions_then; ++r) saved[r - first] = p.regions[r];
    for (int v = 0; v < g.size; ++v) {
      home_then[v] = home[v], slab_axis_then[v] = p.slab_axis[v], cut_axis_then[v] = p.cut_axis[v];
      if (home[v] < first) continue;
      ++placed;
      home[v] = -1;
      p.slab_axis[v] = p.cut_axis[v] = no_axis;
    }
    p.region_count = first;
    settle_whole(level);
    for (int v = 0; v < g.size; ++v) placed_alone += home[v] >= first;
    if (placed_alone > placed) return;
    p.region_count = regions_then;
    for (int r = first; r < regions_then; ++r) p.regions[r] = saved[r - first];
    for (int v = 0; v < g.size; ++v) {
      home[v] = home_then[v], p.slab_axis[v] = slab_axis_then[v], p.cut_axis[v] = cut_axis_then[v];
      if (home[v] >= first) p.level[v] = level;
    }
  }

  constexpr bool readable_in_order(int v, int level) {
    const int u = resolve(g, v).node;
    if (available[u] <= level || (p.roles[u] == role::computed && trial[u] == stamp)) return true;
    if (p.roles[u] != role::inlined) return false;
    for (int k = 0; k < g.arity(u); ++k)
      if (!readable_in_order(g.operand(u, k), level)) return false;
    return true;
  }

  /// Elementwise values of what the caller gives (bytes as floats, say) that a product reads: each thread makes
  /// its own copy, which costs less than to fetch half of one from another core and no meeting of threads.
  constexpr void replicate() {
    bool cheap[N]{}, wanted[N]{};
    int cost[N]{};  // operations for each element
    for (int v = 0; v < g.size; ++v) {
      if (p.roles[v] != role::computed || g.info(v).what != kind::map) continue;
      cost[v] = g.info(v).flops;
      for (int k = 0; k < g.arity(v); ++k) cost[v] += cost[resolve(g, g.operand(v, k)).node];
      if (cost[v] > t.cheap_flops) cost[v] = t.cheap_flops + 1;  // shared operands count on each path to them: no overflow
      bool ok = cost[v] <= t.cheap_flops;
      for (int k = 0; k < g.arity(v); ++k) {
        const int u = resolve(g, g.operand(v, k)).node;
        ok = ok && (p.roles[u] == role::constant || (p.roles[u] == role::leaf && !is_state(field(g.at[u], 0))) || cheap[u]);
      }
      cheap[v] = ok;
    }
    for (int r = 0; r < g.root_count; ++r) cheap[resolve(g, g.roots[r].node).node] = false;
    bool any = false;
    for (int v = g.size - 1; v >= 0; --v) {
      if (p.roles[v] != role::computed && p.roles[v] != role::inlined) continue;
      for (int k = 0; k < g.arity(v); ++k) {
        const int u = resolve(g, g.operand(v, k)).node;
        if (cheap[u] && (g.info(v).what == kind::contract || wanted[v])) any = wanted[u] = true;
      }
    }
    if (!any) return;
    ++stamp;
    for (int v = 0; v < g.size; ++v)
      if (wanted[v]) {
        trial[v] = stamp;
        trial_axis[v] = trial_cut[v] = no_axis;
      }
    settle(0, 1);
    p.regions[p.region_count - 1].every_thread = true;
    refresh();
  }

  /// Does a value of region r read u?
  constexpr bool read_by(int r, int u) const {
    for (int x = 0; x < g.size; ++x)
      if (p.roles[x] == role::computed && home[x] == r)
        for (int k = 0; k < g.arity(x); ++k)
          if (resolve(g, g.operand(x, k)).node == u) return true;
    return false;
  }

  /// Elements that region r would newly read for u, or, if that is less, for what u is made of.
  constexpr double price(int r, int u, int depth) const {
    if (p.roles[u] != role::computed || home[u] == r || read_by(r, u)) return 0;
    const double whole = double(g.extents[u].size());
    if (depth == 0 || g.info(u).what == kind::reduce || g.info(u).what == kind::view) return whole;
    double made = 0;
    for (int k = 0; k < g.arity(u); ++k) made += price(r, resolve(g, g.operand(u, k)).node, depth - 1);
    return made < whole ? made : whole;
  }

  /// Moves values to the later region that alone reads them, if that region can make them slab by slab from
  /// no more memory than they take: what a slab makes and reads itself never leaves its core.
  constexpr void move_late() {
    for (int v = g.size - 1; v >= 0; --v) {
      if (p.roles[v] != role::computed || g.info(v).what == kind::view || p.regions[home[v]].every_thread) continue;
      int target = -1, axis = no_axis;
      bool ok = true;
      for (int r = 0; r < g.root_count; ++r) ok = ok && resolve(g, g.roots[r].node).node != v;
      for (int x = v + 1; x < g.size && ok; ++x)
        for (int k = 0; k < g.arity(x) && ok; ++k) {
          if (p.roles[x] == role::view) continue;
          const access a = resolve(g, g.operand(x, k));
          if (a.node != v) continue;
          const int cut = p.roles[x] == role::computed ? cut_in_operand(x, k, a, p.cut_axis[x]) : no_axis;
          ok = cut != no_axis && (target < 0 || (target == home[x] && axis == cut));
          target = home[x];
          axis = cut;
        }
      if (!ok || target < 0 || p.regions[target].level <= p.level[v]) continue;
      double added = 0;
      for (int k = 0; k < g.arity(v); ++k) {
        const access a = resolve(g, g.operand(v, k));
        if (p.roles[a.node] == role::inlined) ok = ok && available[a.node] <= p.regions[target].level;
        if (p.roles[a.node] != role::computed) continue;
        added += price(target, a.node, 2);
      }
      added += far_bytes(v, axis) / double(bytes_of(g.number));
      if (!ok || added > double(g.extents[v].size())) continue;
      p.regions[home[v]].flops -= flops_of(g, v);
      p.regions[target].flops += flops_of(g, v);
      home[v] = target;
      p.level[v] = p.regions[target].level;
      p.slab_axis[v] = p.cut_axis[v] = axis;
      refresh();
    }
  }

  /// Levels that have lost all their values go.
  constexpr void close_levels() {
    int next = 0;
    for (int level = 0; level < p.kernels; ++level) {
      bool used = false;
      for (int v = 0; v < g.size; ++v) used = used || (p.roles[v] == role::computed && p.level[v] == level);
      if (!used) continue;
      for (int v = 0; v < g.size; ++v)
        if (p.roles[v] == role::computed && p.level[v] == level) p.level[v] = next;
      for (int r = 0; r < p.region_count; ++r)
        if (p.regions[r].level == level) p.regions[r].level = next;
      ++next;
    }
    p.kernels = next;
  }

  /// Cuts every region into slabs.
  constexpr void cut() {
    for (int r = 0; r < p.region_count; ++r) {
      region& c = p.regions[r];
      if (c.extent == 1) continue;
      const cutting k = cut_of([&](int v) { return home[v] == r; }, p.cut_axis, c.extent, c.flops);
      c.granule = k.granule;
      c.slabs = k.slabs;
      c.runs = c.slabs < t.most_runs ? c.slabs : t.most_runs;
    }
  }
};

}  // namespace detail
}  // namespace knit
