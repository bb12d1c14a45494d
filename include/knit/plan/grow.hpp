// SPDX-License-Identifier: BSL-1.0
// grow.hpp -- in: values and the levels of those that they read. out: one region, grown along one slab axis.
#pragma once
#include <cstdint>
#include <knit/plan/lanes.hpp>

namespace knit {

struct tuning {
  double serial_below = 2e5;     ///< flops of a program too small for threads (region and barriers: 2 us)
  int most_slabs = 1024;
  int most_runs = 32;            ///< parts of a sum over all slabs; what threads share
  int part_terms = 16;           ///< a product in parts sums at least so many elements to one
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
  int lane_granule = panel_rows;  ///< slabs of the axis in lanes are cut at multiples of it
  /// Another axis than the first lies in lanes if that takes less than this part of the time. 0: never.
  double turned_below = 0.9;
  int turned_slab = 128, turned_slabs = 16;  ///< so many of that axis are a slab, or fewer, that there are so many slabs
  int register_bytes = 64;
  /// What each thread would make for itself, or add up for itself from parts, is worked out wherever it is read, and
  /// contractions have no reductions as epilogues: for blocks of a GPU, whose threads have little memory of their own.
  bool for_blocks = false;
  /// A product of matrices or a convolution of more flops than this, and so many for each byte of its result, is a region of its own that a
  /// library's routine may do. 0: none is.
  double routine_flops = 0, routine_byte_flops = 0;
  /// What it costs to store a register (of a GPU, a thread's number) of an array of more bytes than this, and to load it, in
  /// operations. On a core of a Zen 4 an operation on 16 floats takes 0.27 ns; 64 bytes take 0.6 ns from the third cache or to
  /// it, 4 from memory and, as they are fetched first, 6 to it (`bench/run recompute`). In the first two caches it is nothing to
  /// speak of, so nothing is made again to be spared that.
  struct traffic {
    double bytes, store, load;
  };
  traffic memory[2] = {{5e5, 2.5, 2.5}, {1.6e7, 24, 16}};
  constexpr traffic traffic_of(double bytes) const {
    return bytes > memory[1].bytes ? memory[1] : bytes > memory[0].bytes ? memory[0] : traffic{};
  }
};

namespace detail {

/// Which values may be computed slab by slab together. A trial is the region that is being grown; `settle` keeps it.
template <int N, int R> struct region_grower : use_lists<N> {
  using use_lists<N>::uses, use_lists<N>::first_use, use_lists<N>::next_use, use_lists<N>::is_result, use_lists<N>::replaced_by;
  static constexpr int never = 1 << 20;
  static constexpr int well_shared = 8;  ///< so many slabs are shared by a few threads without much waiting
  flat_graph const& g;
  plan<N, R>& p;
  axis_classes<N> classes;
  int available[N]{};  ///< first level at which anyone may read the value
  int home[N]{};  ///< region, -1: not placed
  int trial[N]{}, trial_axis[N]{}, trial_cut[N]{};
  struct verdict {
    refusal::reason why;
    int other;
  } verdicts[N]{};  ///< on values that are not in the trial
  std::uint64_t joined[N]{};  ///< trials of a search that the value was in, a bit each
  double trial_far = 0;  ///< bytes that the trial reads of other cores
  int waiting[N]{}, waiting_count = 0;  ///< computed values that no region has, in order
  bool at_hand[N]{};  ///< all that the value reads is there at the level at which regions are being grown
  int reached[N]{};  ///< the last stamp of a trial that the value reads, itself or by way of inlined scalars
  double flops[N]{};
  product_letters letters[N]{};  ///< of contractions
  bool is_left[N]{};  ///< to a routine: it joins no region
  int stamp = 0;
  tuning const& t;

  constexpr region_grower(flat_graph const& graph, plan<N, R>& out, tuning const& tune)
      : use_lists<N>(graph), g(graph), p(out), classes(find_classes<N>(graph)), t(tune) {
    choose_lanes(g, p, classes, *this, t.turned_below, t.register_bytes);
    for (int v = 0; v < g.size; ++v) {
      home[v] = -1;
      flops[v] = flops_of(g, v);
      if (g.is_op(v) && g.info(v).what == kind::contract) letters[v] = product_of(g, v, p.lane[v]);
    }
    refresh();
  }

  constexpr void list_waiting() {
    waiting_count = 0;
    for (int v = 0; v < g.size; ++v)
      if (p.roles[v] == role::computed && home[v] < 0) waiting[waiting_count++] = v;
  }
  constexpr void refresh() {
    list_waiting();
    for (int v = 0; v < g.size; ++v) {
      switch (p.roles[v]) {
        case role::leaf:
        case role::constant: available[v] = 0; break;
        case role::view: available[v] = available[g.read(v).node]; break;
        case role::inlined: {
          int a = 0;
          for (int k = 0; k < g.arity(v); ++k) a = max_of(a, available[g.operand(v, k)]);
          available[v] = a;
          break;
        }
        case role::computed: available[v] = home[v] < 0 ? never : p.regions[home[v]].every_thread ? 0 : p.level[v] + 1;
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
  constexpr refusal::reason sums_in_parts(int v, int cut, long operand_size) const {
    op_info const& f = g.info(v);
    using enum refusal::reason;
    if (g.extents[v].size() * t.part_terms > operand_size) return large_parts;
    if (f.slides && cut < contracted_cut + sliding_axes) return no_parts;
    product_letters const& l = letters[v];
    access const &a = g.read(v, l.side), &b = g.read(v, 1 - l.side);
    auto panels = [&](int u) { return g.is_leaf(u) && g.leaves[field(g.at[u], 0)].lies.panels; };
    if (!as_it_lies(a.node) || !as_it_lies(b.node) || panels(b.node)) return no_parts;
    auto beside = [&](access const& x, int side, char letter) {
      return x.axis[axis_of_letter(f, side, letter)] == beside_axis(g, p, x.node);
    };
    const char terms = f.labels[0][cut - contracted_cut];
    auto turned_to = [&](access const& x, int side) { return beside_axis(g, p, x.node) != 0 && beside(x, side, terms); };
    const bool turned = !panels(a.node) && (turned_to(a, l.side) || turned_to(b, 1 - l.side));
    const bool lie = l.rows ? !f.slides && (beside(a, l.side, l.rows) || turned) : !panels(a.node);
    return lie ? nothing : no_parts;
  }

  /// May v join the trial region at this level, cut along the given class? Sets trial_axis[v] and trial_cut[v].
  constexpr verdict joins(int v, int level, int cls) {
    using enum refusal::reason;
    op_info const& f = g.info(v);
    if (is_left[v]) return {left, v};
    constexpr int unknown = -3;
    int cut = unknown;
    long in_trial = 0;
    for (int k = 0; k < f.arity; ++k) {
      access const& a = g.read(v, k);
      if (p.roles[a.node] != role::computed || trial[a.node] != stamp) {
        if (available[a.node] > level) return {waits, a.node};
        continue;
      }
      if (trial_axis[a.node] < 0) return {summed, a.node};
      int q = axis_in_user(g, v, k, a, trial_axis[a.node]);
      if (q == no_axis && f.what == kind::contract)
        for (int i = 0; f.labels[k][i]; ++i)
          if (const int r = axis_of_letter(f, 0, f.labels[k][i]); a.axis[i] == trial_axis[a.node] && r != no_axis)
            q = contracted_cut + r;
      if (q == no_axis || (cut != unknown && cut != q)) return {two_axes, a.node};
      cut = q;
      if (g.extents[a.node].size() > in_trial) in_trial = g.extents[a.node].size();
    }
    const int self = f.what == kind::reduce || f.what == kind::view ? g.operand(v, 0) : v;
    shape const& own = g.extents[self];
    if (cut == unknown)
      for (int q = 0; q < max_rank && cut == unknown; ++q)
        if (own.extent[q] > 1 && classes.of(self, q) == cls) cut = q;
    if (cut == unknown) return {uncut, v};
    if (f.what == kind::scan && cut == f.along) return {scanned, v};
    if (cut >= contracted_cut)
      if (const auto why = sums_in_parts(v, cut, in_trial); why != nothing) return {why, v};
    trial_cut[v] = cut;
    if (f.what == kind::view) {  // a copy: of a slab, if that is one of what is copied, too
      trial_axis[v] = axis_kept(own, cut, g.extents[v]);
      return {trial_axis[v] == no_axis ? reshaped : nothing, v};
    }
    trial_axis[v] = cut >= contracted_cut || (f.what == kind::reduce && f.reduces(cut, own, g.extents[v])) ? partial_axis : cut;
    return {nothing, v};
  }

  /// Bytes of states that v reads and that cutting it so does not cut: they come from the cores that wrote them.
  constexpr double far_bytes(int v, int cut) const {
    double bytes = 0;
    if (g.info(v).what == kind::contract)
      for (int k = 0; k < 2; ++k) {
        access const& a = g.read(v, k);
        if (replaced_by[a.node] >= 0 && cut_in_operand(v, k, a, cut) == no_axis)
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

  /// Into how many slabs values are cut, at multiples of what: cut[v] says along which axis each.
  struct cutting {
    int granule, slabs;
  };
  constexpr cutting cut_of(int const* values, int count, int const* cut, int extent, double work) const {
    bool lanes = false, turned = false, contracts = false,
         columns = false;  // columns: a slab is so many of some product, or of its terms
    for (int i = 0; i < count; ++i) {
      const int v = values[i];
      op_info const& f = g.info(v);
      // The axis in lanes is cut between panels, but that of a vector may be cut anywhere.
      const shape space = space_of(g, v);
      const int lane = p.lane[v];
      turned = turned || (cut[v] == lane && lane != lane_axis_of(space));
      lanes = lanes || (cut[v] == lane && (space.size() > space.extent[lane] || f.what == kind::contract));
      if (f.what != kind::contract) continue;
      contracts = true;
      const char letter = cut[v] >= contracted_cut ? f.labels[0][cut[v] - contracted_cut] : f.labels[2][cut[v]];
      columns = columns || letter == letters[v].columns || letter == letters[v].terms;
    }
    const int granule = lanes ? t.lane_granule : contracts ? 1 : 16, units = (extent + granule - 1) / granule;
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
    } else if (turned) slabs = extent / t.turned_slab > t.turned_slabs ? extent / t.turned_slab : t.turned_slabs;
    else if (!contracts || !lanes) slabs = int(work / t.slab_flops) + 1;
    if (slabs > t.most_slabs) slabs = t.most_slabs;
    return {granule, slabs < units ? slabs : units};
  }

  /// Notes who reads a value of the trial.
  constexpr void reach(int v) {
    for (int use = first_use[v]; use >= 0; use = next_use[use]) {
      const int x = use / uses;
      if (reached[x] == stamp) continue;
      reached[x] = stamp;
      if (p.roles[x] == role::inlined) reach(x);
    }
  }

  /// Grows a region along one class as far as it goes; its worth: the flops that a second thread saves, less those
  /// of reading far memory.
  constexpr double grow(int level, int cls, int extent, std::uint64_t bit = 0) {
    ++stamp;
    double saved = 0, away = 0;
    int values = 0, members[N], count = 0;
    for (int i = 0; i < waiting_count; ++i) {
      const int v = waiting[i];
      if (!at_hand[v] && reached[v] != stamp) continue;  // it waits for something else
      verdicts[v] = joins(v, level, cls);
      if (verdicts[v].why != refusal::reason::nothing) continue;
      trial[v] = stamp;
      members[count++] = v;
      reach(v);
      joined[v] |= bit;
      saved += flops[v];
      away += far_bytes(v, trial_cut[v]);
      values += 1 + (extent >= well_shared && cuts_both(v, trial_cut[v]));
    }
    trial_far = away;
    if (cut_of(members, count, trial_cut, extent, saved).slabs < 2) return 0;
    return (saved + values - t.far_byte_flops * away) / 2;
  }

  /// Keeps the trial as a region.
  constexpr void settle(int level, int extent) {
    const int index = p.add_region(level);
    region& r = p.regions[index];
    r.extent = extent;
    for (int i = 0; i < waiting_count; ++i) {
      const int v = waiting[i];
      if (trial[v] != stamp) continue;
      reach(v);
      home[v] = index;
      p.level[v] = level;
      p.slab_axis[v] = trial_axis[v];
      p.cut_axis[v] = trial_cut[v];
      r.flops += flops[v];
      if (extent > 1)
        r.name = trial_cut[v] >= contracted_cut ? g.extents[g.operand(v, 0)].name[trial_cut[v] - contracted_cut]
                                                : space_of(g, v).name[trial_cut[v]];
    }
    list_waiting();
    for (int i = 0; i < waiting_count; ++i)
      if (const int v = waiting[i]; reached[v] == stamp) refuse(v, v, index, verdicts[v]);
  }

  /// Writes down why v is not in a region, for each value there that v reads, itself or by way of inlined scalar x.
  constexpr void refuse(int v, int x, int index, verdict const& no) {
    for (int k = 0; k < g.arity(x); ++k) {
      const int u = g.read(x, k).node;
      if (p.roles[u] == role::inlined) refuse(v, u, index, no);
      if (p.roles[u] != role::computed || home[u] != index || p.refusal_count == N) continue;
      // A scalar that is not there because its sum is not whole: that is the reason.
      const bool whole =
          x == v || no.why != refusal::reason::waits || p.roles[no.other] != role::inlined || p.slab_axis[u] != partial_axis;
      p.refusals[p.refusal_count++] = {whole ? no.why : refusal::reason::summed, v, u, index, whole ? no.other : u, 0, 0, 0, 0};
    }
  }
};

}  // namespace detail
}  // namespace knit
