// SPDX-License-Identifier: BSL-1.0
// steps.hpp -- in: regions. out: loop nests that compute several values at once.
#pragma once
#include <knit/plan/regions.hpp>

namespace knit::detail {

/// What a value reads, through views and inlined scalars: each once, however many paths lead to it.
template <int N> struct reads {
  access at[N + 3];
  bool early[N + 3];  ///< by an inlined scalar, so before the loops of its step begin
  int count;
  constexpr reads() : count(0) {}

  constexpr void add(access const& a, bool before) {
    for (int i = 0; i < count; ++i) {
      bool same = at[i].node == a.node && at[i].sampled == a.sampled;
      for (int q = 0; q < max_rank; ++q) same = same && at[i].axis[q] == a.axis[q];
      if (same) {
        early[i] = early[i] || before;
        return;
      }
    }
    at[count] = a;
    early[count++] = before;
  }
};
template <int N, int R> constexpr void find_reads(flat_graph const& g, plan<N, R> const& p, int v, reads<N>& r) {
  int inlined[use_lists<N>::uses * most_evaluations], count = 0;  // yet to be looked at, the last first
  auto add_operands = [&](int x) {
    for (int k = 0; k < g.arity(x); ++k) {
      access const& a = g.read(x, k);
      if (p.roles[a.node] == role::inlined) {
        int at = 0;
        while (at < count && inlined[at] < a.node) ++at;
        if (at < count && inlined[at] == a.node) continue;
        for (int i = count++; i > at; --i) inlined[i] = inlined[i - 1];
        inlined[at] = a.node;
      } else if (p.roles[a.node] != role::constant) r.add(a, x != v);
    }
  };
  add_operands(v);
  while (count > 0) add_operands(inlined[--count]);
}

/// An order of all values, operands first, in which what only leads to next values of states comes after the other
/// values, and after those that read the old ones: so it may be written where the old ones lie. States that share
/// such a value element by element (a weight and its moments share a gradient) are one group; one that several states share
/// otherwise (what comes back from a layer, of which its weight's gradient is made and its bias') is no part of any.
template <int N, int R>
constexpr void order_values(flat_graph const& g, plan<N, R> const& p, int const* home, use_lists<N> const& used, int* sequence) {
  constexpr int elsewhere = -1, unread = -2;
  int group[R]{};
  for (int r = 0; r < g.root_count; ++r) group[r] = r;
  auto find = [&](int r) {
    while (group[r] != r) r = group[r];
    return r;
  };
  auto both = [&](int a, int b, bool by_elements = true) {  // what leads to a and b leads to
    if (a == unread || b == unread) return a == unread ? b : a;
    if (a == elsewhere || b == elsewhere || (!by_elements && find(a) != find(b))) return elsewhere;
    group[find(a)] = find(b);
    return b;
  };
  int leads_to[N]{};  // a root of the group, or elsewhere
  for (int v = 0; v < g.size; ++v) leads_to[v] = unread;
  for (int r = 0; r < g.root_count; ++r) {
    int& to = leads_to[g.roots[r].node];
    to = both(to, g.roots[r].state >= 0 ? r : elsewhere);
  }
  bool by_elements[N]{};  // all that reads the value does so
  for (bool& b : by_elements) b = true;
  for (int v = g.size - 1; v >= 0; --v)
    for (int k = 0; k < g.arity(v); ++k) {
      const int u = g.operand(v, k);
      by_elements[u] = by_elements[u] && g.info(v).what == kind::map && same_extents(g.extents[u], g.extents[v]);
      const bool apart = p.roles[u] == role::computed && p.roles[v] == role::computed && home[u] != home[v];
      const bool step = p.roles[g.read(u).node] == role::computed;  // leaves and what readers work out have no order
      leads_to[u] = apart || !step ? elsewhere : both(leads_to[u], leads_to[v], by_elements[u]);
    }
  int waits[R]{};  // a group for others that are not done and read old values of its states: how many such operands there are
  auto count_reads = [&](int v, int by) {
    const int own = find(leads_to[v]);
    for (int k = 0; k < g.arity(v); ++k)
      if (const int r = used.replaced_by[g.read(v, k).node]; r >= 0 && find(r) != own) waits[find(r)] += by;
  };
  int n = 0, first[R]{}, last[R]{}, behind[N]{};  // values of a group, in order, from 1
  for (int v = 0; v < g.size; ++v) {
    if (leads_to[v] < 0) {
      sequence[n++] = v;
      continue;
    }
    const int own = find(leads_to[v]);
    (first[own] == 0 ? first[own] : behind[last[own]]) = v + 1;
    last[own] = v;
    count_reads(v, 1);
  }
  bool done[R]{};
  while (n < g.size) {
    int next = -1;
    for (int pass = 0; pass < 2; ++pass)  // if each waits for another, one will have to be copied
      for (int r = 0; r < g.root_count && next < 0; ++r)
        if (find(r) == r && !done[r] && (pass == 1 || waits[r] == 0)) next = r;
    done[next] = true;
    for (int v = first[next] - 1; v >= 0; v = behind[v] - 1) {
      sequence[n++] = v;
      count_reads(v, -1);
    }
  }
}

/// Is v a reduction of rows alone, of rows that registers hold? Not if a slab holds only part of one.
template <int N, int R> constexpr bool reduces_rows(flat_graph const& g, plan<N, R> const& p, int v) {
  op_info const& f = g.info(v);
  if (f.what != kind::reduce) return false;
  const shape space = space_of(g, v);
  const int lane = p.lane[v];
  if (space.extent[lane] > panel_rows || space.name[lane] || p.cut_axis[v] == lane) return false;
  for (int q = 0; q < max_rank; ++q)
    if (f.reduces(q, space, g.extents[v]) != (q == lane && space.extent[q] > 1)) return false;
  return space.extent[lane] > 1;
}
/// May a contraction's step do reduction u of its result? If all terms are there, and it is one of rows that a register tile
/// holds, or one over all that the result has besides rows: columns of tiles, unless the rows are reduced too.
template <int N, int R> constexpr bool goes_on(flat_graph const& g, plan<N, R> const& p, tuning const& t, int s, int u) {
  if (p.steps[s].kind != step_kind::contract) return true;
  if (t.for_blocks) return false;
  int v = 0;
  while (p.roles[v] != role::computed || p.step_of[v] != s || g.info(v).what != kind::contract) ++v;
  const shape space = p.steps[s].space;
  const product_letters l = product_of(g, v, p.lane[v]);
  const double terms = flops_of(g, v) / (2 * double(space.size()));
  if (!l.rows || p.steps[s].cut >= contracted_cut || terms > longest_packed) return false;
  if (p.in_row[u]) return g.number == element::f32;  // a tile of doubles is half a panel
  const int lane = p.steps[s].lane;
  const bool keeps_rows = !g.info(u).reduces(lane, space, g.extents[u]);
  for (int q = 0; q < max_rank; ++q) {
    if (q == lane || space.extent[q] == 1) continue;
    if (!g.info(u).reduces(q, space, g.extents[u]) || (keeps_rows && g.info(v).labels[2][q] != l.columns)) return false;
  }
  return true;
}

/// May u, which a value with the result of contraction step s reads, be computed in that step and not in the later one that
/// it was put into? If nothing else reads it yet, and it reads only what is there by then.
template <int N, int R>
constexpr bool may_go_back(flat_graph const& g, plan<N, R> const& p, int const* home, use_lists<N> const& used, int u, int s) {
  if (g.info(u).what != kind::map || p.steps[s].cut != p.cut_axis[u] || p.steps[s].lane != p.lane[u] ||
      !same_extents(p.steps[s].space, g.extents[u]))
    return false;
  reads<N> in;
  find_reads(g, p, u, in);
  for (int i = 0; i < in.count; ++i)
    if (home[in.at[i].node] == home[u] && p.step_of[in.at[i].node] >= s) return false;
  for (int use = used.first_use[u]; use >= 0; use = used.next_use[use])
    if (const int v = use / used.uses; p.step_of[v] >= 0 || p.roles[v] == role::inlined) return false;
  return true;
}

/// Puts the values of each region into steps. A value joins a step of its own index space that comes after
/// all it reads, or the very step that computes what it reads, if it reads it in place.
template <int N, int R> constexpr void make_steps(flat_graph const& g, plan<N, R>& p, int const* home, tuning const& t) {
  int sequence[N]{};
  const use_lists<N> used(g);
  order_values(g, p, home, used, sequence);
  int first_of[N + 2 * R]{}, behind[N]{};  // values of a region, in order, from 1
  for (int i = g.size - 1; i >= 0; --i) {
    const int v = sequence[i];
    p.step_of[v] = -1;
    if (p.roles[v] != role::computed) continue;
    behind[v] = first_of[home[v]];
    first_of[home[v]] = v + 1;
  }
  for (int r = 0; r < p.region_count; ++r) {
    region& c = p.regions[r];
    c.first = p.step_count;
    for (int v = first_of[r] - 1; v >= 0; v = behind[v] - 1) {
      op_info const& f = g.info(v);
      const shape space = space_of(g, v);
      bool axes[max_rank] = {};
      bool any = false;
      if (f.what == kind::reduce)
        for (int q = 0; q < max_rank; ++q) any = (axes[q] = f.reduces(q, space, g.extents[v])) || any;
      const bool row = p.in_row[v] = reduces_rows(g, p, v);
      int first = c.first;    // the first step that may compute v
      int tile = -1;          // the last contraction of this region whose result v reads in place
      bool after_contract = false;  // and v reads, in place, a value of that step
      reads<N> in;
      find_reads(g, p, v, in);
      auto read_in_place = [&](int k) {
        access const& a = in.at[k];
        // A reduction's value is there only when its step is over, but for one of rows.
        const bool there = g.info(a.node).what != kind::reduce ? is_pointwise(g, a, space)
                                                               : p.in_row[a.node] && is_rowwise(g, a, space, p.lane[v]);
        return !in.early[k] && f.what != kind::contract && f.what != kind::view && f.what != kind::scan && there &&
               !is_alone(p.steps[p.step_of[a.node]].kind);
      };
      for (int k = 0; k < in.count; ++k) {
        const int u = in.at[k].node, s = p.step_of[u];
        if (s < 0 || home[u] != r) continue;
        const bool in_place = read_in_place(k);
        const int needed = in_place ? s : s + 1;
        if (needed > first) first = needed, after_contract = false;
        if (in_place && s == first) after_contract = true;
        if (in_place && p.steps[s].kind == step_kind::contract && s > tile) tile = s;
      }
      if (tile >= 0 && tile < first) {  // what it reads besides goes into the contraction's step, if it can
        bool all = same_extents(p.steps[tile].space, space) && p.steps[tile].cut == p.cut_axis[v] &&
                   p.steps[tile].lane == p.lane[v] && (f.what != kind::reduce || goes_on(g, p, t, tile, v));
        for (int k = 0; k < in.count && all; ++k) {
          const int u = in.at[k].node;
          if (home[u] == r && p.step_of[u] >= tile)
            all = read_in_place(k) && (p.step_of[u] == tile || may_go_back(g, p, home, used, u, tile));
        }
        for (int k = 0; k < in.count && all; ++k)
          if (const int u = in.at[k].node; p.step_of[u] > tile && home[u] == r) p.step_of[u] = tile;
        if (all) first = tile, after_contract = true;
      }
      int chosen = -1;
      if (f.what == kind::map || f.what == kind::reduce)
        for (int s = first; s < p.step_count && chosen < 0; ++s) {
          step const& into = p.steps[s];
          if (is_alone(into.kind) || !same_extents(into.space, space) || into.cut != p.cut_axis[v] || into.lane != p.lane[v])
            continue;
          if (into.kind == step_kind::contract &&
              (!after_contract || s != first || (f.what == kind::reduce && !goes_on(g, p, t, s, v))))
            continue;
          bool fits = true;
          if (any && !row && into.any_reduction)
            for (int q = 0; q < max_rank; ++q) fits = fits && into.reduces[q] == axes[q];
          if (fits) chosen = s;
        }
      if (chosen < 0) {
        const step_kind what = f.what == kind::contract ? step_kind::contract
                               : f.what == kind::scan   ? step_kind::scan
                               : f.what == kind::view   ? step_kind::copy
                                                        : step_kind::map;
        chosen = p.add_step(what, space, r, p.cut_axis[v], p.lane[v]);
      }
      if (row) p.steps[chosen].row = true;
      else if (any) {
        p.steps[chosen].any_reduction = true;
        for (int q = 0; q < max_rank; ++q) p.steps[chosen].reduces[q] = axes[q];
      }
      if (f.what == kind::scan) p.steps[chosen].reduces[f.along] = true;
      p.step_of[v] = chosen;
    }
    c.last = p.step_count;
  }
}

/// Moves an elementwise value to the one later step that reads it, where what it is made of lies in memory anyway:
/// computing it there costs less than storing it (relu' from relu, 1 - y % y from tanh, one side of a select).
template <int N, int R> constexpr void sink(flat_graph const& g, plan<N, R>& p, int const* home) {
  bool stored[N]{};  // read outside its step, or a reduction's result
  int reader[N]{};   // the one step that reads the value; -2: several
  int users[N]{};    // values that read it
  for (int v = 0; v < g.size; ++v) reader[v] = -1;
  for (int v = 0; v < g.size; ++v) {
    if (p.roles[v] != role::computed) continue;
    reads<N> in;
    find_reads(g, p, v, in);
    for (int i = 0; i < in.count; ++i) {
      const int u = in.at[i].node, s = p.step_of[v];
      if (p.roles[u] != role::computed) continue;
      ++users[u];
      if (p.step_of[u] != s || (g.info(u).what == kind::reduce && !p.in_row[u])) stored[u] = true;
      reader[u] = reader[u] == -1 || reader[u] == s ? s : -2;
    }
  }
  for (int r = 0; r < g.root_count; ++r) {
    const int u = g.read(g.roots[r].node).node;
    reader[u] = -2;
    stored[u] = true;
  }
  for (int v = g.size - 1; v >= 0; --v) {
    if (p.roles[v] != role::computed || g.info(v).what != kind::map || reader[v] < 0) continue;
    const int from = p.step_of[v], to = reader[v];
    if (to == from || home[v] != p.steps[to].region || !same_extents(p.steps[to].space, g.extents[v]) ||
        is_alone(p.steps[to].kind) || p.steps[to].cut != p.cut_axis[v] || p.steps[to].lane != p.lane[v])
      continue;
    // Its operands lie in memory, or are moved along: values that it alone reads, made of what lies in memory.
    auto at_hand = [&](auto self, int x) -> bool {
      for (int k = 0; k < g.arity(x); ++k) {
        const int u = g.read(x, k).node;
        if (p.roles[u] == role::inlined) return false;
        if (p.roles[u] != role::computed || stored[u]) continue;
        if (g.info(u).what != kind::map || users[u] != 1 || home[u] != home[v] || !self(self, u)) return false;
      }
      return true;
    };
    bool ok = at_hand(at_hand, v);
    reads<N> in;
    for (int x = 0; x < g.size && ok; ++x) {  // all readers read it in place
      if (p.roles[x] != role::computed || p.step_of[x] != to) continue;
      in.count = 0;
      find_reads(g, p, x, in);
      for (int i = 0; i < in.count; ++i)
        if (in.at[i].node == v)
          ok = ok && !in.early[i] && g.info(x).what != kind::contract && is_pointwise(g, in.at[i], p.steps[to].space);
    }
    if (!ok) continue;
    p.step_of[v] = to;
    stored[v] = false;
    in.count = 0;
    find_reads(g, p, v, in);
    for (int i = 0; i < in.count; ++i) {
      const int u = in.at[i].node;
      if (p.roles[u] == role::computed) reader[u] = users[u] == 1 || reader[u] == to ? to : -2;
    }
  }
}

/// On blocks a region of one step, all of whose values are whole, is not cut: blocks share what the step has to do, whichever axis
/// that is along.
template <int N, int R> constexpr void join_slabs(flat_graph const& g, plan<N, R>& p, int const* home) {
  for (int r = 0; r < p.region_count; ++r) {
    int step = -1;
    bool one = true;
    for (int v = 0; v < g.size; ++v) {
      if (home[v] != r) continue;
      one = one && p.slab_axis[v] != partial_axis && (step < 0 || step == p.step_of[v]);
      step = p.step_of[v];
    }
    region& c = p.regions[r];
    if (!one || step < 0 || c.extent == 1) continue;
    c.extent = c.slabs = c.runs = c.granule = 1;
    c.name = 0;
    p.steps[step].cut = no_axis;
  }
}

}  // namespace knit::detail
