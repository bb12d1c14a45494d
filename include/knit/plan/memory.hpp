// SPDX-License-Identifier: BSL-1.0
// memory.hpp -- in: steps. out: which values are stored, and their offsets in one arena by lifetimes.
#pragma once
#include <knit/plan/steps.hpp>

namespace knit {

/// Places arrays so that those alive at once do not overlap: each at the lowest offset that fits, in order of
/// birth. Returns the size of the arena. Offsets are multiples of 16 floats, a cache line.
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

/// Distance of the columns of a stored value: whole vectors, and never a multiple of a kilobyte, which would
/// put all columns on a few cache sets.
constexpr int leading_of(shape s) {
  if (s.extent[0] == 1 || s.size() == s.extent[0]) return s.extent[0];
  const int l = (s.extent[0] + 15) / 16 * 16;
  return l % 64 == 0 ? l + 16 : l;
}

namespace detail {

/// Value v is stored, and read as late as at `level`.
template <int N, int R>
constexpr void keep(flat_graph const& g, plan<N, R>& p, int v, int level) {
  lifetime& l = p.life[v];
  if (l.floats == 0) {
    buffer& b = p.buffers[v];
    const long elements = g.extents[v].size();
    b.leading = leading_of(g.extents[v]);
    b.floats = g.extents[v].extent[0] == 1 || b.leading == elements ? elements : long(b.leading) * (elements / g.extents[v].extent[0]);
    b.floats = (b.floats + 15) / 16 * 16;
    b.own = p.regions[p.steps[p.step_of[v]].region].every_thread;
    if (p.slab_axis[v] == partial_axis) b.parts = p.regions[p.steps[p.step_of[v]].region].slabs;
    l.floats = b.floats * b.parts;
    l.born = l.dies = p.level[v];
  }
  if (level > l.dies) l.dies = level;
}

template <int N, int R> constexpr void make_buffers(flat_graph const& g, plan<N, R>& p) {
  for (int v = 0; v < g.size; ++v) {
    if (p.roles[v] != role::computed) continue;
    reads<N> r;
    find_reads(g, p, v, r);
    for (int i = 0; i < r.count; ++i) {
      const int u = r.at[i].node;
      if (p.roles[u] == role::computed && (p.step_of[u] != p.step_of[v] || g.info(u).what == kind::reduce))
        keep(g, p, u, p.level[v]);
    }
    if (g.info(v).what == kind::reduce) keep(g, p, v, p.level[v]);
  }
  for (int i = 0; i < p.store_count; ++i) {
    store const& w = p.stores[i];
    const int u = resolve(g, w.node).node, level = p.regions[p.steps[w.step].region].level;
    if (p.roles[u] == role::inlined) {
      reads<N> r;
      find_reads(g, p, u, r);
      for (int k = 0; k < r.count; ++k)
        if (p.roles[r.at[k].node] == role::computed) keep(g, p, r.at[k].node, level);
    } else if (p.roles[u] == role::computed && p.step_of[u] != w.step) keep(g, p, u, level);
  }
  for (int own = 0; own < 2; ++own) {  // two arenas: one for all threads, one of each thread's own
    lifetime some[N]{};
    for (int v = 0; v < g.size; ++v) {
      if (p.buffers[v].own != bool(own)) continue;
      some[v].floats = p.life[v].floats;
      some[v].born = p.life[v].born;
      some[v].dies = p.life[v].dies;
    }
    (own ? p.own_floats : p.arena_floats) = pack_lifetimes(some, g.size);
    for (int v = 0; v < g.size; ++v)
      if (some[v].floats) p.buffers[v].offset = some[v].offset;
  }
}

}  // namespace detail

/// The plan of a graph: roles, regions, steps, stores, memory.
template <int N, int R> constexpr plan<N, R> make_plan(flat_graph const& g, tuning const& t = {}) {
  plan<N, R> p;
  int home[N]{};
  detail::make_regions(g, p, home, t);
  detail::make_steps(g, p, home);
  detail::sink(g, p, home);
  detail::make_stores(g, p, home);
  detail::make_order(g, p);
  detail::make_buffers(g, p);
  return p;
}

}  // namespace knit
