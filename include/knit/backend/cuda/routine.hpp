// SPDX-License-Identifier: BSL-1.0
// routine.hpp -- in: a region of a plan that a library's routine may do. out: the call: matrices, what follows, and where all lie.
#pragma once
#include <knit/backend/cuda/read.hpp>

namespace knit::cuda {

/// A product or a convolution that a routine does. Without rows and without filters it is none.
struct routine_call {
  matrix_product product{};
  convolution sliding{};
  int operand[2] = {0, 0};        ///< values
  int bias = -1;                  ///< a value; -1: nothing is added
  int factor = -1;                ///< a number, times which it is added to the old result; -1: it is the result
  int result = 0, store = -1;     ///< a value in the arena, or, not -1, a store of the plan
  bool relu = false;

  constexpr bool is_there() const { return product.rows > 0 || sliding.filters > 0; }
};

/// What a routine does of region R. None if it is no region for routines, or if its result does not lie in one place as a
/// routine writes it.
template <class P, int R> constexpr routine_call find_call() {
  constexpr region r = P::template region_at<R>;
  routine_call c{};
  if constexpr (r.routine) {
    constexpr step st = P::template step_at<r.first>;
    static_assert(r.last - r.first == 1 && st.kind == step_kind::contract);
    constexpr int v = P::plan.order[st.first];
    flat_graph const& g = P::graph;
    contraction_places lie = places_of(g, v);
    for (int k = 0; k < 2; ++k)
      if (const int u = g.read(v, k).node; P::plan.roles[u] == role::computed) lie.at[k].leading = P::plan.buffers[u].leading;
    int places = 0;
    for (int i = st.first; i < st.last; ++i) {
      const int x = P::plan.order[i];
      c.result = x;
      if (g.info(x).follows == epilogue::factor) c.factor = g.read(x, 0).node == v ? g.read(x, 1).node : g.read(x, 0).node;
      if (g.info(x).follows == epilogue::sum && c.factor < 0)
        c.bias = g.read(x, 0).node == v ? g.read(x, 1).node : g.read(x, 0).node;
      if (g.info(x).follows == epilogue::relu) c.relu = true;
      if (P::plan.buffers[x].offset < 0) continue;
      ++places;
      lie.at[2].leading = P::plan.buffers[x].leading;
    }
    for (int w = 0; w < P::stores; ++w) {
      if (P::plan.stores[w].step != r.first) continue;
      const root to_root = g.roots[P::plan.stores[w].root];
      ++places;
      c.store = w;
      array_place& to = lie.at[2];
      to = to_root.state < 0 ? array_place{to.extents, to.extents.extent[0], false} : place_of_leaf(g.leaves[to_root.state]);
    }
    for (int k = 0; k < 2; ++k) c.operand[k] = g.read(v, k).node;
    // What is added to is overwritten, so it has to be where the result is.
    if (places == 1 && (c.factor < 0 || (c.store >= 0 && g.roots[P::plan.stores[c.store].root].state >= 0))) {
      c.product = matrix_product_of(g, v, lie);
      c.sliding = convolution_of(g, v, lie);
      c.sliding.bias = c.bias >= 0;
      c.sliding.relu = c.relu;
    }
  }
  return c;
}
template <class P, int R> inline constexpr routine_call call_of = find_call<P, R>();

/// Is region R of a program left to a library, as a product, as a convolution? Its target says which libraries there are.
template <class P, int R> constexpr bool is_left_product() {
  if constexpr (requires { requires P::target::has_products; }) return call_of<P, R>.product.rows > 0;
  else return false;
}
template <class P, int R> constexpr bool is_left_convolution() {
  if constexpr (requires { requires P::target::has_convolutions; }) return call_of<P, R>.sliding.filters > 0;
  else return false;
}
template <class P, int R> constexpr bool is_left() { return is_left_product<P, R>() || is_left_convolution<P, R>(); }
/// How many regions are products, and convolutions, that a library does.
template <class P> constexpr int products_of() {
  return []<int... R>(std::integer_sequence<int, R...>) {
    return (int(is_left_product<P, R>()) + ... + 0);
  }(std::make_integer_sequence<int, P::regions>{});
}
template <class P> constexpr int convolutions_of() {
  return []<int... R>(std::integer_sequence<int, R...>) {
    return (int(is_left_convolution<P, R>()) + ... + 0);
  }(std::make_integer_sequence<int, P::regions>{});
}

/// What a program without routines has of them.
template <class P> struct no_routines {
  static constexpr std::size_t workspace_bytes = 0;
  explicit no_routines(auto /*stream*/) {}
  template <int K> void run(arguments<P> const&, void*, auto /*stream*/) {}
};

/// Where a routine reads value v, and writes its result.
template <class P> float const* read_by_routine(arguments<P> const& a, int v) {
  return P::plan.roles[v] == role::leaf ? static_cast<float const*>(a.leaves[field(P::graph.at[v], 0)])
                                        : a.arena + P::plan.buffers[v].offset;
}
template <class P> float* written_by_routine(arguments<P> const& a, routine_call const& c) {
  if (c.store < 0) return a.arena + P::plan.buffers[c.result].offset;
  const int r = P::plan.stores[c.store].root, state = P::graph.roots[r].state;
  return static_cast<float*>(state < 0 ? a.outputs[output_number(P::graph, r)] : const_cast<void*>(a.leaves[state]));
}

/// Image, filter, result and bias of a convolution.
template <class P> std::array<void*, 4> arrays_of_routine(arguments<P> const& a, routine_call const& c) {
  auto at = [&](int operand) -> void* {
    return operand == 2 ? written_by_routine(a, c) : const_cast<float*>(read_by_routine(a, c.operand[operand]));
  };
  return {at(c.sliding.image_operand), at(c.sliding.filter_operand), at(c.sliding.result_operand),
          c.bias >= 0 ? const_cast<float*>(read_by_routine(a, c.bias)) : nullptr};
}

}  // namespace knit::cuda
