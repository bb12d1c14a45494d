// SPDX-License-Identifier: BSL-1.0
// facts.hpp -- in: the tables of a graph and its plan. out: what a backend asks of one value, step, region or store, a constant each.
#pragma once
#include <knit/plan/memory.hpp>

namespace knit {

/// Number of outputs before root r.
constexpr int output_number(flat_graph const& g, int r) {
  int n = 0;
  for (int i = 0; i < r; ++i) n += g.roots[i].state < 0;
  return n;
}

namespace detail {

/// How many of them stand in one constant. nvcc copies a constant whole whenever it is asked for a member, so a table of all
/// values may not be asked by each of them: the work would grow as their square.
inline constexpr int group_size = 64;
/// Of numbers [G * group_size, ...) below Count: of(number) of each.
template <int G, int Count, class F> constexpr auto group_of(F const& of) {
  constexpr int first = G * group_size;
  std::array<decltype(of(0)), std::size_t(Count - first < group_size ? Count - first : group_size)> r{};
  for (std::size_t i = 0; i < r.size(); ++i) r[i] = of(first + int(i));
  return r;
}

/// Of a value: its node, what it is, how it is read by way of views; of a constant, its number.
struct graph_value {
  node at;
  shape extents;
  access seen;
  double constant;
};
template <class Of, int G> inline constexpr auto graph_values = group_of<G, Of::value.size>([](int v) {
  const node n = Of::arrays.at[v];
  return graph_value{n, Of::arrays.extents[v], Of::arrays.seen[v],
                     op_of(n) == constant_code ? Of::arrays.constants[field(n, 0)] : 0};
});

/// What becomes of it.
struct plan_value {
  role what;
  buffer place;
  int step, slab_axis;
  bool in_row;
  bool every_thread;  ///< computed, by each thread for itself
};
template <class P, int G> inline constexpr auto plan_values = group_of<G, P::nodes>([](int v) {
  const int s = P::plan.step_of[v];
  const bool computed = P::plan.roles[v] == role::computed;
  return plan_value{P::plan.roles[v],     P::plan.buffers[v], s,
                    P::plan.slab_axis[v], P::plan.in_row[v],  computed && P::plan.regions[P::plan.steps[s].region].every_thread};
});

struct plan_step {
  step st;
  int value;  ///< its first one, if it has any
  bool empty;  ///< it neither computes nor stores anything
};
template <class P, int G> inline constexpr auto plan_steps = group_of<G, P::steps>([](int s) {
  step const& st = P::plan.steps[s];
  plan_step r{st, st.first < st.last ? P::plan.order[st.first] : 0, st.first == st.last};
  for (int w = 0; w < P::stores; ++w) r.empty = r.empty && P::plan.stores[w].step != s;
  return r;
});

template <class P, int G> inline constexpr auto plan_regions = group_of<G, P::regions>([](int r) { return P::plan.regions[r]; });

/// Writes a value to the memory of a state, or else to an output.
struct plan_store {
  int node, step;
  int state;  ///< the leaf, or -1
  int output;  ///< its number
};
template <class P, int G> inline constexpr auto plan_stores = group_of<G, P::stores>([](int w) {
  store const& s = P::plan.stores[w];
  return plan_store{s.node, s.step, P::graph.roots[s.root].state, output_number(P::graph, s.root)};
});

}  // namespace detail
}  // namespace knit
