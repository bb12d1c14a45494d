// SPDX-License-Identifier: BSL-1.0
// recompute.hpp -- in: values in steps. out: large ones that cost less to make again than to store are made by each step that reads them.
#pragma once
#include <knit/plan/steps.hpp>

namespace knit {

/// Values in regions, and then in steps.
template <int N, int R> struct placed_values {
  plan<N, R> p;
  int home[N]{};  ///< region of each value
};

/// Copies of values, each in a step other than the value's own.
template <int N> struct recomputed_values {
  int count = 0;
  int value[N]{}, step[N]{};
  int last[N]{}, before[N]{};  ///< of a value its last copy, from 1, and of a copy the one before

  constexpr int find(int v, int s) const {
    for (int i = last[v]; i > 0; i = before[i - 1])
      if (step[i - 1] == s) return i - 1;
    return -1;
  }
  /// False if there is no room.
  constexpr bool add(int v, int s) {
    if (count == N) return false;
    value[count] = v, step[count] = s;
    before[count] = last[v];
    last[v] = ++count;
    return true;
  }
  /// Forgets all but the first n.
  constexpr void keep(int n) {
    while (count > n) {
      --count;
      last[value[count]] = before[count];
    }
  }
};

namespace detail {

/// Is there a value large enough to be worth thinking of? In most programs there is none.
template <int N, int R> constexpr bool has_large(flat_graph const& g, plan<N, R> const& p, tuning const& t) {
  for (int v = 0; v < g.size; ++v)
    if (p.roles[v] == role::computed && t.traffic_of(double(p.bytes(g.extents[v].size()))).store > 0) return true;
  return false;
}

/// Its own step has a value in a register. For steps behind it the value lies in memory, or each makes it again, from what lies
/// there anyway or is made again too.
template <int N, int R> struct recompute_finder : use_lists<N> {
  using use_lists<N>::uses, use_lists<N>::first_use, use_lists<N>::next_use;
  static constexpr double never = 1e9;
  flat_graph const& g;
  plan<N, R> const& p;
  tuning const& t;
  recomputed_values<N> found{};
  bool stored[N]{};  ///< some step behind its own reads it
  bool whole[N]{};  ///< some region reads it that is not its own, or all slabs of it
  bool fixed[N]{};  ///< it has to lie in memory
  bool reads_state[N]{};  ///< that is overwritten: whoever reads it late keeps it from being written in place

  constexpr recompute_finder(flat_graph const& graph, plan<N, R> const& planned, int const* home, tuning const& tune)
      : use_lists<N>(graph), g(graph), p(planned), t(tune) {
    bool overwritten[N]{};  // by leaf; those that have no place here are taken to be
    for (int r = 0; r < g.root_count; ++r) {
      fixed[g.read(g.roots[r].node).node] = true;
      if (g.roots[r].state >= 0 && g.roots[r].state < N) overwritten[g.roots[r].state] = true;
    }
    for (int v = 0; v < g.size; ++v) {
      if (g.is_leaf(v)) reads_state[v] = field(g.at[v], 0) >= N || overwritten[field(g.at[v], 0)];
      if (p.roles[v] == role::inlined || p.roles[v] == role::view)
        for (int k = 0; k < g.arity(v); ++k) reads_state[v] = reads_state[v] || reads_state[g.operand(v, k)];
      whole[v] = p.roles[v] == role::computed && (p.slab_axis[v] < 0 || p.regions[home[v]].slabs == 1);
    }
    for (int x = 0; x < g.size; ++x) {
      if (p.roles[x] != role::computed && p.roles[x] != role::inlined) continue;
      for (int k = 0; k < g.arity(x); ++k) {
        const int u = g.read(x, k).node;
        if (p.roles[u] != role::computed) continue;
        const bool elsewhere = p.roles[x] == role::inlined || p.step_of[x] != p.step_of[u];
        stored[u] = stored[u] || elsewhere;
        whole[u] = whole[u] || p.roles[x] == role::inlined || home[x] != home[u];
        fixed[u] = fixed[u] || !by_elements(x, k);
      }
    }
  }
  /// Does value x read the value that its operand k is in place, as a step would that made it?
  constexpr bool by_elements(int x, int k) const {
    const int u = g.operand(x, k);
    if (p.roles[x] != role::computed || g.read(x, k).node != u) return false;
    step const& s = p.steps[p.step_of[x]];
    return (g.info(x).what == kind::map || g.info(x).what == kind::reduce) && same_extents(g.extents[u], s.space) &&
           s.lane == p.lane[u];
  }
  constexpr bool reads(int s, int u) const {
    for (int use = first_use[u]; use >= 0; use = next_use[use])
      if (p.roles[use / uses] == role::computed && p.step_of[use / uses] == s) return true;
    return false;
  }
  /// Does u lie in memory for step s? Not if it lies there one slab at a time, for its own region.
  constexpr bool lies_for(int s, int u) const {
    return stored[u] && (whole[u] || p.steps[s].region == p.steps[p.step_of[u]].region);
  }
  /// What is read in its own region only lies there one slab at a time.
  constexpr tuning::traffic traffic_of(int v) const {
    double n = double(g.extents[v].size());
    if (p.roles[v] == role::computed && !whole[v]) n /= p.regions[p.steps[p.step_of[v]].region].slabs;
    return t.traffic_of(double(bytes_of(p.number)) * n);
  }

  /// Operations for each element if step s makes v again; adds what it makes for that.
  constexpr double price(int v, int s) {
    if (found.find(v, s) >= 0) return 0;
    op_info const& f = g.info(v);
    if (f.what != kind::map) return never;
    double cost = f.flops;
    for (int k = 0; k < f.arity && cost < never; ++k) {
      const int u = g.read(v, k).node;
      const bool few = 2 * g.extents[u].size() <= g.extents[v].size();
      if (reads_state[u]) return never;
      if (p.roles[u] == role::constant || p.roles[u] == role::inlined) continue;
      if (p.roles[u] == role::computed && !lies_for(s, u) && g.info(u).what != kind::reduce)
        cost += by_elements(v, k) ? price(u, s) : never;
      else if (!few && !reads(s, u)) cost += traffic_of(u).load;
    }
    return cost < never && found.add(v, s) ? cost : never;
  }
  constexpr void find() {
    for (int v = 0; v < g.size; ++v) {
      if (p.roles[v] != role::computed || fixed[v] || !stored[v]) continue;
      const tuning::traffic memory = traffic_of(v);
      if (memory.store == 0) continue;
      const int before = found.count;
      double again = 0, saved = memory.store;
      for (int use = first_use[v]; use >= 0 && again < never; use = next_use[use]) {
        const int x = use / uses, s = p.step_of[x];
        if (p.roles[x] != role::computed || s == p.step_of[v] || found.find(v, s) >= 0) continue;
        again += price(v, s);
        saved += memory.load;
      }
      if (again < saved) stored[v] = false;
      else found.keep(before);
    }
  }
};

template <int N, int R>
constexpr recomputed_values<N> find_recomputed(flat_graph const& g, placed_values<N, R> const& stepped, tuning const& t) {
  recompute_finder<N, R> f(g, stepped.p, stepped.home, t);
  f.find();
  return f.found;
}

/// The graph and the plan with copies: who reads a value in a step that has a copy reads the copy, and what nobody reads then
/// goes. Node n of the result is value[n], in its own step or the copy for another.
template <int N, int R> struct copied_values {
  flat_graph const& g;
  plan<N, R> const& p;
  int const* home;
  recomputed_values<N> const& copies;
  int value[2 * N]{}, step[2 * N]{}, to[2 * N]{};  ///< `to` by value, of copy i at N + i
  int size = 0;

  constexpr copied_values(flat_graph const& graph, placed_values<N, R> const& stepped, recomputed_values<N> const& c)
      : g(graph), p(stepped.p), home(stepped.home), copies(c) {
    bool needed[2 * N]{};
    for (int& n : to) n = -1;
    for (int r = 0; r < g.root_count; ++r) needed[g.roots[r].node] = true;
    auto need = [&](int v, int s) {
      for (int k = 0; k < g.arity(v); ++k) needed[operand(v, s, k)] = true;
    };
    for (int v = g.size - 1; v >= 0; --v) {
      for (int i = copies.last[v]; i > 0; i = copies.before[i - 1])
        if (needed[N + i - 1]) need(v, copies.step[i - 1]);
      if (needed[v]) need(v, p.step_of[v]);
    }
    for (int v = 0; v < g.size; ++v) {
      if (needed[v]) put(v, v, p.step_of[v]);
      for (int i = copies.last[v]; i > 0; i = copies.before[i - 1])
        if (needed[N + i - 1]) put(N + i - 1, v, copies.step[i - 1]);
    }
  }
  constexpr void put(int id, int v, int s) {
    value[size] = v, step[size] = s;
    to[id] = size++;
  }
  /// Operand k of value v as it is made in step s: a value, or N + i for copy i.
  constexpr int operand(int v, int s, int k) const {
    const int u = g.operand(v, k), i = p.roles[v] == role::computed ? copies.find(u, s) : -1;
    return i < 0 ? u : N + i;
  }
  template <int M> constexpr flat_arrays<M, R> graph() const {
    flat_arrays<M, R> f{};
    for (int n = 0; n < size; ++n) {
      const int v = value[n];
      f.at[n] = g.at[v];
      for (int k = 0; k < g.arity(v); ++k) f.at[n] = with_field(f.at[n], k, to[operand(v, step[n], k)]);
      f.extents[n] = g.extents[v];
      f.seen[n] = g.read(v);
      f.arities[n] = g.arities[v];
      f.seen[n].node = g.read(v).node == v ? n : to[g.read(v).node];
    }
    for (int c = 0; c < N; ++c) f.constants[c] = g.constants[c];
    for (int r = 0; r < R; ++r) f.roots[r] = {to[g.roots[r].node], g.roots[r].state};
    return f;
  }
  template <int M> constexpr placed_values<M, R> placed() const {
    placed_values<M, R> d;
    for (int n = 0; n < size; ++n) {
      const int v = value[n];
      const bool copy = step[n] != p.step_of[v];
      d.p.roles[n] = p.roles[v];
      d.p.step_of[n] = step[n];
      d.home[n] = copy ? p.steps[step[n]].region : home[v];
      d.p.level[n] = copy ? p.regions[d.home[n]].level : p.level[v];
      d.p.slab_axis[n] = copy ? p.steps[step[n]].cut : p.slab_axis[v];
      d.p.cut_axis[n] = copy ? p.steps[step[n]].cut : p.cut_axis[v];
      d.p.lane[n] = p.lane[v];
      d.p.in_row[n] = p.in_row[v];
      d.p.again[n] = copy;
    }
    for (int s = 0; s < p.step_count; ++s) d.p.steps[s] = p.steps[s];
    d.p.step_count = p.step_count;
    for (int r = 0; r < p.region_count; ++r) d.p.regions[r] = p.regions[r];
    d.p.region_count = p.region_count;
    for (int i = 0; i < p.refusal_count && d.p.refusal_count < M; ++i) {
      refusal r = p.refusals[i];
      r.reader = to[r.reader], r.read = to[r.read], r.other = to[r.other];
      if (r.reader >= 0 && r.read >= 0 && r.other >= 0) d.p.refusals[d.p.refusal_count++] = r;
    }
    d.p.kernels = p.kernels;
    d.p.flops = p.flops;
    d.p.parallel = p.parallel;
    d.p.number = p.number;
    return d;
  }
};

}  // namespace detail
}  // namespace knit
