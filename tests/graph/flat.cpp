// SPDX-License-Identifier: BSL-1.0
// flat.cpp -- in: graph/flat.hpp. out: only what is needed, calls linked once, states that are values of their own.

#include <knit/nn/dense.hpp>
#include <knit/op/catalogue.hpp>
#include <knit/op/diff.hpp>

#include <knit/graph/flat.hpp>

#include <gtest/gtest.h>

namespace {

using namespace knit;

/// Parameters of the shapes of Arrays are leaves 0, 1, ...; E is the one output.
template <class E, class... Arrays> struct output_of {
  using argument_tag = void;
  static constexpr int first_argument = 0, argument_count = 0, capacity = 512;
  static constexpr std::array<leaf_info, sizeof...(Arrays)> leaves{
      leaf_info{element_of<typename Arrays::value_type>(), Arrays::layout, Arrays::shape}...};
  using results = mp::mp_list<result<typename E::graph>>;
};

template <class Op, class F> constexpr int count(F const&) {
  int n = 0;
  for (int i = 0; i < F::value.size; ++i) n += F::value.is_op(i) && op_of(F::value.at[i]) == F::table::template number<Op>;
  return n;
}
template <class F> constexpr int count(F const&, kind what) {
  int n = 0;
  for (int i = 0; i < F::value.size; ++i) n += F::value.is_op(i) && F::value.info(i).what == what;
  return n;
}
template <class F> constexpr int leaves_in(F const&) {
  int n = 0;
  for (int i = 0; i < F::value.size; ++i) n += F::value.is_leaf(i);
  return n;
}
/// Operands come before their users and nothing is out of range.
template <class F> constexpr bool well_formed(F const&) {
  for (int i = 0; i < F::value.size; ++i)
    for (int k = 0; k < F::value.arity(i); ++k)
      if (F::value.operand(i, k) >= i) return false;
  for (int r = 0; r < F::value.root_count; ++r)
    if (F::value.roots[r].node < 0 || F::value.roots[r].node >= F::value.size) return false;
  return true;
}
/// Every node is a root's or some node's operand.
template <class F> constexpr bool all_needed(F const&) {
  for (int i = 0; i < F::value.size; ++i) {
    bool used = false;
    for (int r = 0; r < F::value.root_count; ++r) used = used || F::value.roots[r].node == i;
    for (int j = i + 1; j < F::value.size; ++j)
      for (int k = 0; k < F::value.arity(j); ++k) used = used || F::value.operand(j, k) == i;
    if (!used) return false;
  }
  return true;
}

using V = tensor<float, 5>;
using M = tensor<float, 5, 4>;
constexpr parameter<0, V> v{};
constexpr parameter<1, V> u{};

TEST(flat, holds_only_what_the_roots_need) {
  constexpr auto loss = sum(exp(v) % u + u);
  using gradient = decltype(knit::make<gradient_op>(loss, v));
  constexpr flattened<output_of<gradient, V, V>> f{};
  static_assert(well_formed(f) && all_needed(f));
  // exp(v) % u: the loss itself, its sums and the adjoint of u are gone.
  EXPECT_EQ(f.value.size, 4);
  EXPECT_EQ(leaves_in(f), 2);
  EXPECT_EQ(count<exp_op>(f), 1);
  EXPECT_EQ(count<mul_op>(f), 1);
}

TEST(flat, does_not_read_what_a_derivative_forgets) {
  using gradient = decltype(knit::make<gradient_op>(sum(v + u), v));
  constexpr flattened<output_of<gradient, V, V>> f{};
  static_assert(well_formed(f) && all_needed(f));
  EXPECT_EQ(leaves_in(f), 0);  // ones
  EXPECT_EQ(f.value.extents[f.value.roots[0].node], make_shape(5));
  EXPECT_EQ(f.value.constants[0], 1);
}

TEST(flat, of_no_dependence_is_zeros_in_the_right_shape) {
  using gradient = decltype(knit::make<gradient_op>(sum(v), u));
  constexpr flattened<output_of<gradient, V, V>> f{};
  EXPECT_EQ(leaves_in(f), 0);
  EXPECT_EQ(f.value.extents[f.value.roots[0].node], make_shape(5));
  EXPECT_EQ(f.value.constants[0], 0);
}

TEST(flat, elides_what_only_derivatives_see) {
  using E = decltype(sum(detach(exp(v)) % v));
  constexpr flattened<output_of<E, V>> f{};
  static_assert(well_formed(f) && all_needed(f));
  EXPECT_EQ(count<detach_op>(f), 0);
  EXPECT_EQ(count<exp_op>(f), 1);
  using as_written = flattened<output_of<E, V>, false>;
  EXPECT_EQ(count<detach_op>(as_written{}), 1);
  using only = flattened<output_of<decltype(detach(v)), V>>;
  EXPECT_EQ(only::value.size, 1);
  EXPECT_TRUE(only::value.is_leaf(only::value.roots[0].node));
}

TEST(flat, keeps_the_same_root_twice) {
  struct twice : output_of<decltype(exp(v)), V> {
    using graph_of = typename decltype(exp(v))::graph;
    using results = mp::mp_list<result<graph_of>, result<graph_of, 0>>;
  };
  constexpr flattened<twice> f{};
  EXPECT_EQ(f.value.root_count, 2);
  EXPECT_EQ(f.value.roots[0].node, f.value.roots[1].node);
  EXPECT_EQ(f.value.roots[0].state, -1);
  EXPECT_EQ(f.value.roots[1].state, 0);
}

TEST(flat, gives_a_state_a_value_of_its_own) {
  struct swap : output_of<decltype(exp(v)), V, V> {
    using results = mp::mp_list<result<typename decltype(v)::graph, 1>, result<typename decltype(u)::graph, 0>>;
  };
  constexpr flattened<swap> f{};
  for (auto const& r : f.arrays.roots) {
    EXPECT_TRUE(f.value.is_op(r.node));
    EXPECT_NE(f.value.info(r.node).what, kind::view);
  }
}

// ---- calls -------------------------------------------------------------------------------------------

/// Its two fields are layers of one type; Form says how they are put together.
template <class Form, class A, class B> struct two {
  BOOST_HANA_DEFINE_STRUCT(two, (Form, form), (A, a), (B, b));
  template <class X> constexpr auto operator()(X const& x) const { return form(a, b, x); }
};
struct same_twice {
  template <class A, class B, class X> constexpr auto operator()(A const& a, B const&, X const& x) const {
    return a(x) + tanh(a(x));
  }
};
struct one_each {
  template <class A, class B, class X> constexpr auto operator()(A const& a, B const& b, X const& x) const {
    return a(x) + tanh(b(x));
  }
};
struct one_after_the_other {
  template <class A, class B, class X> constexpr auto operator()(A const& a, B const&, X const& x) const { return a(a(x)); }
};

using layer = decltype(make_dense<5, 5>(relu));
struct tag;
template <class Form> struct linked_twice {
  using model_type = two<Form, layer, layer>;
  using argument_tag = tag;
  static constexpr int first_argument = 4, argument_count = 1, capacity = 512;
  using X = tensor<float, 5, 3>;
  using W = tensor<float, 5, 5>;
  static constexpr std::array<leaf_info, 5> leaves{
      leaf_info{element::f32, W::layout, W::shape}, leaf_info{element::f32, V::layout, V::shape},
      leaf_info{element::f32, W::layout, W::shape}, leaf_info{element::f32, V::layout, V::shape},
      leaf_info{element::f32, {}, X::shape}};
  using traced = decltype(call_layer<0>(symbolic<model_type>{}, argument<tag, 0, extents<5, 3>>{}));
  using results = mp::mp_list<result<typename traced::graph>>;
};

TEST(calls, of_one_layer_on_one_value_are_one) {
  constexpr flattened<linked_twice<same_twice>> f{};
  static_assert(well_formed(f) && all_needed(f));
  EXPECT_EQ(count(f, kind::contract), 1);
  EXPECT_EQ(count<relu_op>(f), 1);
  EXPECT_EQ(leaves_in(f), 3);
}

TEST(calls, of_two_layers_of_one_type_are_two) {
  constexpr flattened<linked_twice<one_each>> f{};
  static_assert(well_formed(f) && all_needed(f));
  EXPECT_EQ(count(f, kind::contract), 2);
  EXPECT_EQ(leaves_in(f), 5);  // two weights, two biases, x
}

TEST(calls, of_one_layer_on_two_values_are_two) {
  constexpr flattened<linked_twice<one_after_the_other>> f{};
  static_assert(well_formed(f) && all_needed(f));
  EXPECT_EQ(count(f, kind::contract), 2);
  EXPECT_EQ(leaves_in(f), 3);
}

TEST(calls, vanish) {
  constexpr flattened<linked_twice<one_each>> f{};
  for (int i = 0; i < f.value.size; ++i)
    if (f.value.is_op(i)) {
      const kind k = f.value.info(i).what;
      EXPECT_TRUE(k == kind::map || k == kind::reduce || k == kind::contract || k == kind::view);
    } else EXPECT_TRUE(f.value.is_leaf(i) || f.value.is_constant(i));
}

/// The same in arrays that are too small for it.
template <int Capacity, class Spec> struct in_room_for : Spec {
  static constexpr int capacity = Capacity;
};

TEST(a_graph, that_outgrows_its_arrays_is_linked_again_in_larger_ones) {
  constexpr flattened<linked_twice<one_after_the_other>> f{};
  constexpr flattened<in_room_for<16, linked_twice<one_after_the_other>>> again{};
  static_assert(again.capacity > 16 && !again.linked_in<again.capacity>.g.full() && again.linked_in<16>.g.full());
  ASSERT_EQ(again.value.size, f.value.size);
  for (int i = 0; i < f.value.size; ++i) {
    EXPECT_EQ(again.value.at[i], f.value.at[i]);
    EXPECT_EQ(again.value.extents[i], f.value.extents[i]);
  }
  EXPECT_EQ(again.value.roots[0].node, f.value.roots[0].node);
}

TEST(leaves, of_bytes_are_loaded_once_and_scaled) {
  using B = view<unorm8, 5>;
  using I = view<std::int32_t, 5>;
  constexpr parameter<0, B> b{};
  constexpr parameter<1, I> i{};
  constexpr flattened<output_of<decltype(b + exp(b) + i), B, I>> f{};
  EXPECT_EQ(count<load_op>(f), 2);
  EXPECT_EQ(count<mul_op>(f), 1);
  bool scaled = false;
  for (int k = 0; k < f.value.size; ++k)
    if (f.value.is_constant(k)) scaled = f.value.constants[field(f.value.at[k], 0)] == 1.0 / 255;
  EXPECT_TRUE(scaled);
}

}  // namespace
