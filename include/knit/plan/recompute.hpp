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

  constexpr int find(int v, int s) const {
    for (int i = 0; i < count; ++i)
      if (value[i] == v && step[i] == s) return i;
    return -1;
  }
  constexpr void add(int v, int s) { value[count] = v, step[count++] = s; }
};

namespace detail {

/// Its own step has a value in a register. For steps behind it the value lies in memory, or each makes it again, from what lies
/// there anyway or is made again too.
template <int N, int R> struct recompute_finder {
  static constexpr double never = 1e9;
  flat_graph const& g;
  plan<N, R> const& p;
  tuning const& t;
  recomputed_values<N> found{};
  bool stored[N]{};  ///< some step behind its own reads it
  bool fixed[N]{};  ///< so that it has to lie in memory
  bool reads_state[N]{};  ///< that is overwritten: whoever reads it late keeps it from being written in place

  constexpr recompute_finder(flat_graph const& graph, plan<N, R> const& planned, tuning const& tune)
      : g(graph), p(planned), t(tune) {
    for (int v = 0; v < g.size; ++v) {
      for (int r = 0; r < g.root_count; ++r)
        reads_state[v] = reads_state[v] || (g.is_leaf(v) && g.roots[r].state == field(g.at[v], 0));
      for (int k = 0; k < g.arity(v) && (p.roles[v] == role::inlined || p.roles[v] == role::view); ++k)
        reads_state[v] = reads_state[v] || reads_state[g.operand(v, k)];
    }
    for (int r = 0; r < g.root_count; ++r) fixed[g.read(g.roots[r].node).node] = true;
    for (int x = 0; x < g.size; ++x) {
      if (p.roles[x] != role::computed && p.roles[x] != role::inlined) continue;
      for (int k = 0; k < g.arity(x); ++k) {
        const int u = g.read(x, k).node;
        if (p.roles[u] != role::computed) continue;
        stored[u] = stored[u] || p.roles[x] == role::inlined || p.step_of[x] != p.step_of[u];
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
           s.cut == p.cut_axis[u] && s.lane == p.lane[u];
  }
  constexpr bool reads(int s, int u) const {
    for (int x = 0; x < g.size; ++x)
      for (int k = 0; k < g.arity(x) && p.roles[x] == role::computed && p.step_of[x] == s; ++k)
        if (g.read(x, k).node == u) return true;
    return false;
  }
  constexpr tuning::traffic traffic_of(int v) const { return t.traffic_of(double(p.bytes(g.extents[v].size()))); }

  /// Operations for each element if step s makes v again; adds what it makes for that.
  constexpr double price(int v, int s, recomputed_values<N>& with) const {
    if (found.find(v, s) >= 0 || with.find(v, s) >= 0) return 0;
    op_info const& f = g.info(v);
    if (f.what != kind::map || found.count + with.count == N) return never;
    double cost = f.flops;
    for (int k = 0; k < f.arity && cost < never; ++k) {
      const int u = g.read(v, k).node;
      const bool small = 2 * g.extents[u].size() <= g.extents[v].size();
      if (reads_state[u]) return never;
      if (p.roles[u] == role::constant || p.roles[u] == role::inlined) continue;
      if (p.roles[u] == role::computed && !stored[u] && g.info(u).what != kind::reduce)
        cost += by_elements(v, k) ? price(u, s, with) : never;
      else if (!small && !reads(s, u)) cost += traffic_of(u).load;
    }
    with.add(v, s);
    return cost;
  }
  constexpr void find() {
    for (int v = 0; v < g.size; ++v) {
      const tuning::traffic memory = traffic_of(v);
      if (p.roles[v] != role::computed || fixed[v] || !stored[v] || memory.store == 0) continue;
      recomputed_values<N> with;
      double again = 0, saved = memory.store;
      for (int s = 0; s < p.step_count; ++s) {
        if (s == p.step_of[v] || !reads(s, v)) continue;
        again += price(v, s, with);
        saved += memory.load;
      }
      if (again >= saved) continue;
      stored[v] = false;
      for (int i = 0; i < with.count; ++i) found.add(with.value[i], with.step[i]);
    }
  }
};

template <int N, int R> constexpr recomputed_values<N> find_recomputed(flat_graph const& g, plan<N, R> const& p, tuning const& t) {
  recompute_finder<N, R> f(g, p, t);
  f.find();
  return f.found;
}

/// The graph and the plan with copies: who reads a value in a step that has a copy reads the copy, and what nobody reads then
/// goes. Node n of the result is value[n], in its own step or the copy for another.
template <int N, int R> struct copied_values {
  flat_graph const& g;
  plan<N, R> const& p;
  recomputed_values<N> const& copies;
  int value[2 * N]{}, step[2 * N]{}, to[2 * N]{};  ///< `to` by value, of copy i at N + i
  int size = 0;

  constexpr copied_values(flat_graph const& graph, plan<N, R> const& planned, recomputed_values<N> const& c)
      : g(graph), p(planned), copies(c) {
    bool needed[2 * N]{};
    for (int& n : to) n = -1;
    for (int r = 0; r < g.root_count; ++r) needed[g.roots[r].node] = true;
    auto need = [&](int v, int s) {
      for (int k = 0; k < g.arity(v); ++k) needed[operand(v, s, k)] = true;
    };
    for (int v = g.size - 1; v >= 0; --v) {
      for (int i = 0; i < copies.count; ++i)
        if (copies.value[i] == v && needed[N + i]) need(v, copies.step[i]);
      if (needed[v]) need(v, p.step_of[v]);
    }
    for (int v = 0; v < g.size; ++v) {
      if (needed[v]) put(v, v, p.step_of[v]);
      for (int i = 0; i < copies.count; ++i)
        if (copies.value[i] == v && needed[N + i]) put(N + i, v, copies.step[i]);
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
      f.seen[n].node = g.read(v).node == v ? n : to[g.read(v).node];
    }
    for (int c = 0; c < N; ++c) f.constants[c] = g.constants[c];
    for (int r = 0; r < R; ++r) f.roots[r] = {to[g.roots[r].node], g.roots[r].state};
    return f;
  }
  template <int M> constexpr placed_values<M, R> placed(int const* home) const {
    placed_values<M, R> d;
    for (int n = 0; n < size; ++n) {
      const int v = value[n];
      const bool copy = step[n] != p.step_of[v];
      d.p.roles[n] = p.roles[v];
      d.p.step_of[n] = step[n];
      d.home[n] = copy ? p.steps[step[n]].region : home[v];
      d.p.level[n] = copy ? p.regions[d.home[n]].level : p.level[v];
      d.p.slab_axis[n] = p.slab_axis[v], d.p.cut_axis[n] = p.cut_axis[v], d.p.lane[n] = p.lane[v];
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
