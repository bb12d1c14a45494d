// SPDX-License-Identifier: BSL-1.0
// memory.hpp -- in: steps. out: which values are stored, and their offsets in one arena by lifetimes.
#pragma once
#include <knit/plan/recompute.hpp>
#include <knit/plan/stores.hpp>

namespace knit {

/// Places arrays so that those alive at once do not overlap: each at the lowest offset that fits, in order of
/// birth. Returns the size of the arena. Offsets are multiples of 16 numbers, a cache line of floats.
constexpr long pack_lifetimes(lifetime* a, int n) {
  long top = 0;
  for (int i = 0; i < n; ++i) {
    if (a[i].floats == 0) continue;
    const long need = (a[i].floats + 15) / 16 * 16;
    long at = 0;
    for (bool moved = true; moved;) {
      moved = false;
      for (int k = 0; k < i; ++k) {
        if (a[k].floats == 0 || a[k].dies < a[i].born || a[i].dies < a[k].born) continue;
        const long end = a[k].offset + (a[k].floats + 15) / 16 * 16;
        if (at < end && a[k].offset < at + need) {
          at = end;
          moved = true;
        }
      }
    }
    a[i].offset = at;
    if (at + need > top) top = at + need;
  }
  return top;
}

namespace detail {

/// Numbers that an array takes whose columns are that far apart, in whole cache lines.
constexpr long floats_of(shape s, int leading, int beside) {
  return (long(leading) * (s.size() / s.extent[beside]) + 15) / 16 * 16;
}

/// How stored value v lies: whole, in a part for each run of slabs, or, if `by_slab`, one slab at a time.
template <int N, int R> constexpr void lay_out(flat_graph const& g, plan<N, R>& p, int v, bool by_slab) {
  region const& c = p.regions[p.steps[p.step_of[v]].region];
  buffer& b = p.buffers[v];
  b.extents = g.extents[v];
  if (by_slab) {
    b.slab_axis = p.slab_axis[v];
    b.extents.extent[b.slab_axis] = c.widest();
  }
  // Of a filter's derivative cuDNN wants no gaps, and of images it copies them away.
  const bool slides = c.routine && g.info(p.order[p.steps[p.step_of[v]].first]).slides;
  b.beside = beside_axis(g, p, v);
  b.leading = slides ? b.extents.extent[0] : leading_of(b.extents, b.beside);
  b.floats = floats_of(b.extents, b.leading, b.beside);
  b.own = c.every_thread || by_slab;
  if (p.slab_axis[v] == partial_axis) b.parts = c.runs;
}

template <int N, int R> constexpr void make_buffers(flat_graph const& g, plan<N, R>& p, tuning const& t) {
  bool stored[N]{}, alone[N]{};  // alone: read in its own region only
  bool again[N]{};               // in parts, and some step reads each part again and again
  int first_level[N]{};          // of the steps that read the parts
  int last_step[N]{}, last_level[N]{};
  auto keep = [&](int v, int step) {
    const int home = p.steps[p.step_of[v]].region, reader = p.steps[step].region, level = p.regions[reader].level;
    if (t.for_blocks && p.regions[home].every_thread) return;
    if (!stored[v]) {
      stored[v] = true;
      alone[v] = p.slab_axis[v] >= 0 && p.regions[home].slabs > 1;
      last_step[v] = p.step_of[v];
      last_level[v] = p.level[v];
    }
    if (step != p.step_of[v] && p.slab_axis[v] == partial_axis && g.extents[v].size() > 1) {
      again[v] = again[v] || p.steps[step].space.size() > g.extents[v].size();
      if (first_level[v] == 0 || level < first_level[v]) first_level[v] = level;  // after that of v, so not 0
    }
    alone[v] = alone[v] && reader == home;
    if (step > last_step[v]) last_step[v] = step;
    if (p.regions[reader].level > last_level[v]) last_level[v] = p.regions[reader].level;
  };
  for (int v = 0; v < g.size; ++v) {
    if (p.roles[v] != role::computed) continue;
    reads<N> r;
    find_reads(g, p, v, r);
    for (int i = 0; i < r.count; ++i) {
      const int u = r.at[i].node;
      if (p.roles[u] == role::computed && (p.step_of[u] != p.step_of[v] || (g.info(u).what == kind::reduce && !p.in_row[u])))
        keep(u, p.step_of[v]);
    }
    if (g.info(v).what == kind::reduce && !p.in_row[v]) keep(v, p.step_of[v]);
  }
  for (int i = 0; i < p.store_count; ++i) {
    store const& w = p.stores[i];
    const int u = g.read(w.node).node;
    if (p.roles[u] == role::inlined) {
      reads<N> r;
      find_reads(g, p, u, r);
      for (int k = 0; k < r.count; ++k)
        if (p.roles[r.at[k].node] == role::computed) keep(r.at[k].node, w.step);
    } else if (p.roles[u] == role::computed && p.step_of[u] != w.step) keep(u, w.step);
  }
  for (int v = 0; v < g.size; ++v)
    if (again[v] && !t.for_blocks) p.buffers[v].combined_in = first_level[v];  // whoever reads it then reads the sum
  for (int v = 0; v < g.size; ++v)
    if (stored[v]) lay_out(g, p, v, alone[v]);
  // Three arenas: of all threads, and of each thread's own, alive from kernel to kernel; and, behind the latter, of the
  // slab that a thread is at, alive from step to step. Sums whose parts a thread has added up for itself are the
  // second kind, besides the parts.
  for (int which = 0; which < 3; ++which) {
    lifetime some[2 * N]{};
    for (int v = 0; v < g.size; ++v) {
      buffer const& b = p.buffers[v];
      if (!stored[v]) continue;
      if (which == 1 && b.combined_in >= 0) some[N + v] = {b.floats, b.combined_in, last_level[v], 0};
      if ((alone[v] ? 2 : b.own ? 1 : 0) != which) continue;
      some[v] = {b.floats * b.parts, alone[v] ? p.step_of[v] : p.level[v], alone[v] ? last_step[v] : last_level[v], 0};
    }
    const long size = pack_lifetimes(some, 2 * N), first = which == 2 ? p.own_floats : 0;
    if (which == 0) p.arena_floats = size;
    else p.own_floats += size;
    for (int v = 0; v < g.size; ++v) {
      if (some[v].floats) p.buffers[v].offset = first + some[v].offset;
      if (some[N + v].floats) p.buffers[v].combined = some[N + v].offset;
    }
  }
}

}  // namespace detail

/// Values in regions: the first part of a plan.
template <int N, int R> constexpr placed_values<N, R> place_values(flat_graph const& g, tuning const& t = {}) {
  placed_values<N, R> placed;
  placed.p.number = g.number;
  detail::make_regions(g, placed.p, placed.home, t);
  return placed;
}
/// The second: in steps.
template <int N, int R>
constexpr placed_values<N, R> in_steps(flat_graph const& g, placed_values<N, R> placed, tuning const& t = {}) {
  detail::make_steps(g, placed.p, placed.home, t);
  detail::sink(g, placed.p, placed.home);
  if (t.for_blocks) detail::join_slabs(g, placed.p, placed.home);
  return placed;
}
/// The last, after what is recomputed, if anything is: what is written where.
template <int N, int R> constexpr plan<N, R> finish(flat_graph const& g, placed_values<N, R> placed, tuning const& t = {}) {
  detail::make_stores(g, placed.p, placed.home);
  detail::make_order(g, placed.p);
  detail::make_buffers(g, placed.p, t);
  return placed.p;
}

/// The plan of a graph: roles, regions, steps, stores, memory. Whoever has large graphs planned by the compiler has the
/// parts done by themselves: it gives up after so many operations for one constant.
template <int N, int R>
constexpr plan<N, R> make_plan(flat_graph const& g, placed_values<N, R> const& placed, tuning const& t = {}) {
  return finish(g, in_steps(g, placed, t), t);
}
template <int N, int R> constexpr plan<N, R> make_plan(flat_graph const& g, tuning const& t = {}) {
  return make_plan(g, place_values<N, R>(g, t), t);
}

}  // namespace knit
