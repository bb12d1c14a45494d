// SPDX-License-Identifier: BSL-1.0
// levels.hpp -- in: regions that can be grown. out: which are, level by level, and which values move later.
#pragma once
#include <knit/plan/routines.hpp>

namespace knit::detail {

/// Chooses regions for one level after the other.
template <int N, int R> struct region_maker : routine_maker<N, R> {
  using grower = routine_maker<N, R>;
  using typename grower::cutting;
  using grower::at_hand, grower::available, grower::classes, grower::cut_in_operand, grower::cut_of, grower::far_bytes,
      grower::first_use, grower::flops, grower::g, grower::grow, grower::home, grower::is_result, grower::joined, grower::is_left,
      grower::list_waiting, grower::next_use, grower::p, grower::ready, grower::refresh, grower::replaced_by, grower::refuse,
      grower::routine_maker, grower::settle, grower::stamp, grower::t, grower::trial, grower::trial_axis, grower::trial_cut,
      grower::trial_far, grower::uses, grower::verdicts, grower::waiting, grower::waiting_count;

  /// Regions along the classes that are worth most, one after the other; what all are worth. A class that has been tried is
  /// tried again only if a region has taken some of its values.
  constexpr double settle_regions(int level) {
    struct trial_of_class {
      int cls, extent;
      double worth, far_bytes;
      bool valid;
      int search;  ///< the last one that it took part in
    } tried[N]{};
    int tries = 0, search = 0, place_of[N * max_rank]{};  // of a class among them, from 1
    int starts[N]{}, count = 0;  // values at hand; none becomes so before the next level, when `available` is set anew
    for (int i = 0; i < waiting_count; ++i) {
      const int v = waiting[i];
      joined[v] = 0;
      if (at_hand[v] = ready(v, level); at_hand[v]) starts[count++] = v;
    }
    double worth = 0;
    while (true) {
      int best = -1;
      ++search;
      for (int n = 0; n < count; ++n) {
        const int v = starts[n];
        if (home[v] >= 0) continue;
        const int self = g.info(v).what == kind::reduce ? g.operand(v, 0) : v;
        for (int q = 0; q < max_rank; ++q) {
          const int extent = g.extents[self].extent[q];
          if (extent == 1) continue;
          const int c = classes.of(self, q);
          const bool is_new = place_of[c] == 0;
          if (is_new && tries == N) continue;
          if (is_new) {
            tried[tries] = {c, extent, 0, 0, false, 0};
            place_of[c] = ++tries;
          }
          const int i = place_of[c] - 1;
          trial_of_class& of = tried[i];
          if (of.search == search) continue;
          of.search = search;
          if (!of.valid) {
            for (int k = 0; k < waiting_count && !is_new; ++k) joined[waiting[k]] &= ~bit(i);
            of.worth = grow(level, c, extent, bit(i));
            of.far_bytes = trial_far;
            of.valid = bit(i) != 0;
          }
          if (of.worth > (best < 0 ? 0 : tried[best].worth)) best = i;
        }
      }
      if (best < 0) return worth;
      const int first = p.refusal_count;
      grow(level, tried[best].cls, tried[best].extent);
      settle(level, tried[best].extent);
      worth += tried[best].worth;
      for (int i = first; i < p.refusal_count; ++i) {  // was there a way to have both in one region?
        refusal& r = p.refusals[i];
        for (int k = 0; k < tries; ++k)
          if (k != best && tried[k].search == search && tried[k].worth != 0 && (joined[r.reader] & joined[r.read] & bit(k)) &&
              (r.rival == 0 || tried[k].worth > r.rival_worth)) {
            r.rival = tried[k].extent;
            r.rival_worth = tried[k].worth, r.worth = tried[best].worth;
            r.far_bytes = tried[k].far_bytes;
          }
      }
      std::uint64_t taken = 0;
      for (int v = 0; v < g.size; ++v)
        if (home[v] == p.region_count - 1) taken |= joined[v];
      for (int k = 0; k < tries; ++k) tried[k].valid = tried[k].valid && !(taken & bit(k));
    }
  }
  static constexpr std::uint64_t bit(int nth) { return nth < 64 ? std::uint64_t(1) << nth : 0; }

  /// Whatever is left and ready goes into one region without slabs, done in order by one thread. What would gain more
  /// by a second thread than threads meeting costs waits for the next level, and with it what it can do without.
  constexpr bool settle_whole(int level) {
    ++stamp;
    bool any = false, waits = false, later[N]{}, needed[N]{};
    for (int i = 0; i < waiting_count; ++i) {
      const int v = waiting[i];
      if (is_left[v]) {
        verdicts[v] = {refusal::reason::left, v};
        continue;
      }
      bool ok = true;
      for (int k = 0; k < g.arity(v) && ok; ++k) {
        ok = readable_in_order(g.operand(v, k), level);
        if (!ok) verdicts[v] = {refusal::reason::waits, g.read(v, k).node};
      }
      if (!ok) continue;
      if (p.parallel && flops[v] > 2 * t.meeting_flops && !ready(v, level)) {
        waits = later[v] = true;
        verdicts[v] = {refusal::reason::heavy, v};
        continue;
      }
      trial[v] = stamp;
      trial_axis[v] = trial_cut[v] = no_axis;
      any = true;
    }
    if (waits) {
      for (int v = g.size - 1; v >= 0; --v)
        if (later[v] || needed[v])
          for (int k = 0; k < g.arity(v); ++k) needed[g.read(v, k).node] = true;
      for (int i = 0; i < waiting_count; ++i) {
        const int v = waiting[i];
        if (trial[v] != stamp || needed[v]) continue;
        bool stays = flops[v] <= t.slab_flops;
        for (int k = 0; k < g.arity(v); ++k) stays = stays && readable_in_order(g.operand(v, k), level);
        if (stays) continue;
        trial[v] = 0;
        verdicts[v] = {refusal::reason::follows, v};
      }
    }
    if (any) settle(level, 1);
    return any;
  }
  /// Everything that is done at a level. Where the regions gain less than a meeting costs, one thread may go on alone,
  /// if it gets further than this level by that.
  constexpr void fill_level(int level) {
    if (p.parallel) grower::settle_products(level);
    const int first = p.region_count, first_refusal = p.refusal_count;
    const double worth = p.parallel ? settle_regions(level) : 0;
    settle_whole(level);
    if (!p.parallel || worth >= t.meeting_flops || p.region_count == first) return;
    region saved[N]{};
    int home_then[N]{}, slab_axis_then[N]{}, cut_axis_then[N]{}, placed = 0, placed_alone = 0;
    const int regions_then = p.region_count, refusals_then = p.refusal_count;
    for (int r = first; r < regions_then; ++r) saved[r - first] = p.regions[r];
    for (int v = 0; v < g.size; ++v) {
      home_then[v] = home[v], slab_axis_then[v] = p.slab_axis[v], cut_axis_then[v] = p.cut_axis[v];
      if (home[v] < first) continue;
      ++placed;
      home[v] = -1;
      p.slab_axis[v] = p.cut_axis[v] = no_axis;
    }
    p.region_count = first;
    list_waiting();
    settle_whole(level);
    for (int v = 0; v < g.size; ++v) placed_alone += home[v] >= first;
    if (placed_alone > placed) {
      for (int i = refusals_then; i < p.refusal_count; ++i) p.refusals[first_refusal + i - refusals_then] = p.refusals[i];
      p.refusal_count -= refusals_then - first_refusal;
      return;
    }
    p.refusal_count = refusals_then;
    p.region_count = regions_then;
    for (int r = first; r < regions_then; ++r) p.regions[r] = saved[r - first];
    for (int v = 0; v < g.size; ++v) {
      home[v] = home_then[v], p.slab_axis[v] = slab_axis_then[v], p.cut_axis[v] = cut_axis_then[v];
      if (home[v] >= first) p.level[v] = level;
    }
    list_waiting();
  }

  constexpr bool readable_in_order(int v, int level) {
    const int u = g.read(v).node;
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
      for (int k = 0; k < g.arity(v); ++k) cost[v] += cost[g.read(v, k).node];
      if (cost[v] > t.cheap_flops) cost[v] = t.cheap_flops + 1;  // shared operands count on each path to them: no overflow
      bool ok = cost[v] <= t.cheap_flops;
      for (int k = 0; k < g.arity(v); ++k) {
        const int u = g.read(v, k).node;
        ok = ok && (p.roles[u] == role::constant || (p.roles[u] == role::leaf && replaced_by[u] < 0) || cheap[u]);
      }
      cheap[v] = ok;
    }
    for (int r = 0; r < g.root_count; ++r) cheap[g.read(g.roots[r].node).node] = false;
    for (int v = 0; v < g.size; ++v)
      for (int k = 0; k < g.arity(v) && is_left[v]; ++k) cheap[g.read(v, k).node] = false;
    bool any = false;
    for (int v = g.size - 1; v >= 0; --v) {
      if (p.roles[v] != role::computed && p.roles[v] != role::inlined) continue;
      for (int k = 0; k < g.arity(v); ++k) {
        const int u = g.read(v, k).node;
        if (cheap[u] && (g.info(v).what == kind::contract || wanted[v])) any = wanted[u] = true;
      }
    }
    if (!any) return;
    ++stamp;
    for (int v = 0; v < g.size; ++v) {
      verdicts[v] = {refusal::reason::own_copy, v};
      if (!wanted[v]) continue;
      trial[v] = stamp;
      trial_axis[v] = trial_cut[v] = no_axis;
    }
    settle(0, 1);
    p.regions[p.region_count - 1].every_thread = true;
    refresh();
  }

  /// Does a value of region r read u?
  constexpr bool read_by(int r, int u) const {
    for (int use = first_use[u]; use >= 0; use = next_use[use])
      if (p.roles[use / uses] == role::computed && home[use / uses] == r) return true;
    return false;
  }

  /// Elements that region r would newly read for u, or, if that is less, for what u is made of.
  constexpr double price(int r, int u, int depth) const {
    if (p.roles[u] != role::computed || home[u] == r || read_by(r, u)) return 0;
    const double whole = double(g.extents[u].size());
    if (depth == 0 || g.info(u).what == kind::reduce || g.info(u).what == kind::scan || g.info(u).what == kind::view || stays(u))
      return whole;
    double made = 0;
    for (int k = 0; k < g.arity(u); ++k) made += price(r, g.read(u, k).node, depth - 1);
    return made < whole ? made : whole;
  }

  /// On blocks contractions stay where they are: a region that would make one first could not be spread over blocks.
  constexpr bool stays(int v) const { return t.for_blocks && g.info(v).what == kind::contract; }

  /// Moves values to the later region that alone reads them, if that region can make them slab by slab from
  /// no more memory than they take: what a slab makes and reads itself never leaves its core. On blocks from less.
  constexpr void move_late() {
    for (int v = g.size - 1; v >= 0; --v) {
      if (p.roles[v] != role::computed || g.info(v).what == kind::scan || g.info(v).what == kind::view || stays(v) ||
          p.regions[home[v]].every_thread || p.regions[home[v]].routine)
        continue;
      int target = -1, axis = no_axis;
      bool ok = !is_result[v];
      for (int use = first_use[v]; use >= 0 && ok; use = next_use[use]) {
        const int x = use / uses, k = use % uses;
        const int cut = p.roles[x] == role::computed ? cut_in_operand(x, k, g.read(x, k), p.cut_axis[x]) : no_axis;
        ok = cut != no_axis && (target < 0 || (target == home[x] && axis == cut));
        target = home[x];
        axis = cut;
      }
      if (!ok || target < 0 || p.regions[target].level <= p.level[v]) continue;
      double added = 0;
      for (int k = 0; k < g.arity(v); ++k) {
        access const& a = g.read(v, k);
        if (p.roles[a.node] == role::inlined) ok = ok && available[a.node] <= p.regions[target].level;
        if (p.roles[a.node] != role::computed) continue;
        added += price(target, a.node, 2);
      }
      added += far_bytes(v, axis) / double(bytes_of(g.number));
      const double size = double(g.extents[v].size());
      if (!ok || added > size || (t.for_blocks && added == size)) continue;
      refuse(v, v, home[v], {refusal::reason::moved, v});
      p.regions[home[v]].flops -= flops[v];
      p.regions[target].flops += flops[v];
      home[v] = target;
      p.level[v] = p.regions[target].level;
      p.slab_axis[v] = p.cut_axis[v] = axis;
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

  /// Splits a region into those that have nothing to do with each other: none reads a value of another, nor the old one of a
  /// state that another overwrites. On a GPU each then has blocks of its own.
  constexpr void split(int r) {
    int part[N]{};       // a value of the same part, in the end one for all of it
    int region_of[N]{};  // of the part, by that value, from 1
    auto find = [&](int v) {
      while (part[v] != v) v = part[v] = part[part[v]];
      return v;
    };
    for (int v = 0; v < g.size; ++v) part[v] = v;
    for (int v = 0; v < g.size; ++v)
      for (int k = 0; k < g.arity(v) && home[v] == r; ++k) {
        const int u = g.read(v, k).node;
        if (home[u] == r) part[find(u)] = find(v);
        if (const int i = replaced_by[u]; i >= 0 && home[g.roots[i].node] == r) part[find(g.roots[i].node)] = find(v);
      }
    bool any = false;
    for (int v = 0; v < g.size; ++v) {
      if (home[v] != r) continue;
      int& own = region_of[find(v)];
      if (own == 0) own = 1 + (any ? p.add_region(p.regions[r].level) : r);
      any = true;
      home[v] = own - 1;
      if (home[v] == r) continue;
      region& c = p.regions[home[v]];
      c.extent = p.regions[r].extent, c.name = p.regions[r].name;
      c.flops += flops[v], p.regions[r].flops -= flops[v];
    }
  }

  /// Cuts every region into slabs, on blocks all its parts by themselves.
  constexpr void cut() {
    if (t.for_blocks)
      for (int r = 0, all = p.region_count; r < all; ++r)
        if (p.regions[r].extent > 1) split(r);
    int values[N]{}, begin[N + 2 * R + 1]{};  // of each region, one after the other
    for (int v = 0; v < g.size; ++v)
      if (home[v] >= 0) ++begin[home[v] + 1];
    for (int r = 0; r < p.region_count; ++r) begin[r + 1] += begin[r];
    int end[N + 2 * R]{};
    for (int r = 0; r < p.region_count; ++r) end[r] = begin[r];
    for (int v = 0; v < g.size; ++v)
      if (home[v] >= 0) values[end[home[v]]++] = v;
    for (int r = 0; r < p.region_count; ++r) {
      region& c = p.regions[r];
      if (c.extent == 1) continue;
      const cutting k = cut_of(values + begin[r], end[r] - begin[r], p.cut_axis, c.extent, c.flops);
      c.granule = k.granule;
      c.slabs = k.slabs;
      c.runs = c.slabs < t.most_runs ? c.slabs : t.most_runs;
    }
  }
};

}  // namespace knit::detail
