// SPDX-License-Identifier: BSL-1.0
// graph.cpp -- in: graph/graph.hpp, at run time. out: equal nodes are one; each identity, and where it must not hold.

#include <knit/op/catalogue.hpp>

#include <knit/graph/rules.hpp>

#include <gtest/gtest.h>

#include <memory>

namespace {

using namespace knit;

struct site;
/// A user's own op of three operands.
struct fma_op : elementwise<3> {
  static constexpr char const* name = "fma";
  static constexpr bool foldable = true;
  template <class V> static constexpr V eval(V a, V b, V c) { return a * b + c; }
  static constexpr auto pullback(auto, auto g, auto a, auto b, auto) { return grads(g % b, g % a, g); }
};
using ops =
    program_ops<true, mp::mp_list<sub_op, div_op, neg_op, exp_op, square_op, relu_op, select_op, fma_op, less_op, detach_op,
                                  transpose_op<1, 0>, transpose_op<1, 2, 0>, transpose_op<2, 0, 1>, reshape_op<6, 2>,
                                  reshape_op<5, 1>, reshape_like_op, sum_op<>, sum_op<0>, sum_op<1>, maximum_op<>, maximum_op<0>,
                                  contract_op<"mk", "kn", "mn">, count_per_op, coordinate_like_op<0>, uniform_like_op<site>>>;
using table = op_table<true, ops>;

class made : public testing::Test {
 protected:
  std::unique_ptr<graph<512>> owned = std::make_unique<graph<512>>(table::info, table::known);
  graph<512>& g = *owned;
  int leaves = 0;

  template <class... N> int leaf(N... n) { return g.leaf(leaves++, make_shape(n...)); }
  template <class Op> int op(int a, int b = none, int c = none, int extra = none) {
    return g.make(table::number<Op>, a, b, c, extra);
  }
  template <class Op> bool is(int v) const { return op_of(g.at(v)) == table::number<Op>; }
  int operand(int v, int k = 0) const { return field(g.at(v), k); }
  /// The constant v in shape s, known as such.
  bool is_filled(int v, double value, shape s) const {
    const int c = g.constant_behind(v);
    return c >= 0 && g.value(c) == value && same_extents(g.extents[v], s);
  }
};

using add = add_op;
using sub = sub_op;
using mul = mul_op;
using over = div_op;
using broadcast_to = broadcast_like_op;
using turned = transpose_op<1, 0>;
using six_by_two = reshape_op<6, 2>;
using product = contract_op<"mk", "kn", "mn">;

TEST_F(made, equal_nodes_are_one) {
  const int x = leaf(4, 3), y = leaf(4, 3), e = op<exp_op>(x);
  const int before = g.size();
  EXPECT_EQ(op<exp_op>(x), e);
  EXPECT_EQ(g.size(), before);
  EXPECT_NE(op<exp_op>(y), e);
  EXPECT_EQ(op<add>(x, y), op<add>(x, y));
  EXPECT_NE(op<sub>(x, y), op<sub>(y, x));
  EXPECT_EQ(g.leaf(0, make_shape(4, 3)), x);
  EXPECT_EQ(g.constant(2), g.constant(2));
  EXPECT_NE(g.constant(2), g.constant(3));
}

TEST_F(made, values_know_their_shapes) {
  const int m = leaf(4, 3), v = leaf(4), w = leaf(5, 4);
  EXPECT_EQ(g.extents[op<add>(m, v)], make_shape(4, 3));
  EXPECT_EQ(g.extents[op<product>(w, m)], make_shape(5, 3));
  EXPECT_EQ(g.extents[op<turned>(m)], make_shape(3, 4));
  EXPECT_EQ(g.extents[op<sum_op<0>>(m)], make_shape(1, 3));
  EXPECT_EQ(g.extents[op<sum_op<>>(m)], shape{});
  EXPECT_EQ(g.extents[op<six_by_two>(m)], make_shape(6, 2));
}

TEST_F(made, units_vanish) {
  const int x = leaf(4, 3), zero = g.constant(0), one = g.constant(1);
  EXPECT_EQ(op<add>(x, zero), x);
  EXPECT_EQ(op<add>(zero, x), x);
  EXPECT_EQ(op<sub>(x, zero), x);
  EXPECT_TRUE(is<sub>(op<sub>(zero, x)));  // 0 is no left unit of a difference
  EXPECT_EQ(op<mul>(x, one), x);
  EXPECT_EQ(op<mul>(one, x), x);
  EXPECT_EQ(op<over>(x, one), x);
  EXPECT_TRUE(is<over>(op<over>(one, x)));
  EXPECT_TRUE(is<add>(op<add>(x, one)));
  EXPECT_TRUE(is<mul>(op<mul>(x, g.constant(-1))));
  EXPECT_EQ(op<mul>(x, g.filled(1, make_shape(4, 3))), x);
}

TEST_F(made, a_unit_that_widens_is_a_broadcast) {
  const int v = leaf(4), zeros = g.filled(0, make_shape(4, 3));
  const int s = op<add>(v, zeros);
  EXPECT_TRUE(is<broadcast_to>(s));
  EXPECT_EQ(operand(s), v);
  EXPECT_EQ(g.extents[s], make_shape(4, 3));
}

TEST_F(made, absorbing_elements_absorb) {
  const int x = leaf(4, 3), v = leaf(4), row = leaf(1, 3), zero = g.constant(0);
  EXPECT_TRUE(is_filled(op<mul>(x, zero), 0, make_shape(4, 3)));
  EXPECT_TRUE(is_filled(op<mul>(zero, x), 0, make_shape(4, 3)));
  EXPECT_TRUE(is_filled(op<mul>(v, g.filled(0, make_shape(1, 3))), 0, make_shape(4, 3)));
  EXPECT_FALSE(is_filled(op<mul>(v, row), 0, make_shape(4, 3)));
  EXPECT_TRUE(is<add>(op<add>(x, g.constant(5))));
}

TEST_F(made, constants_fold) {
  const int two = g.constant(2), five = g.constant(5);
  EXPECT_EQ(op<add>(two, five), g.constant(7));
  EXPECT_EQ(op<sub>(two, five), g.constant(-3));
  EXPECT_EQ(op<over>(two, five), g.constant(0.4));
  EXPECT_EQ(op<neg_op>(two), g.constant(-2));
  EXPECT_EQ(op<fma_op>(two, five, two), g.constant(12));
  EXPECT_EQ(op<square_op>(five), g.constant(25));
  EXPECT_FALSE(g.is_constant(op<exp_op>(two)));  // no constant expression computes it
  EXPECT_TRUE(is_filled(op<mul>(g.filled(2, make_shape(4)), five), 10, make_shape(4)));
}

TEST_F(made, what_is_only_repeated_is_computed_before) {
  const int v = leaf(4), s = leaf(), whole = leaf(4, 3);
  const int wide = op<broadcast_to>(v, whole);
  const int e = op<exp_op>(wide);
  ASSERT_TRUE(is<broadcast_to>(e));
  EXPECT_EQ(g.extents[e], make_shape(4, 3));
  EXPECT_EQ(operand(e), op<exp_op>(v));
  EXPECT_EQ(g.extents[operand(e)], make_shape(4));
  // Where the other side has the whole shape, the map broadcasts by itself.
  const int sum = op<add>(wide, whole);
  EXPECT_TRUE(is<add>(sum));
  EXPECT_EQ(operand(sum, 0), v);
  // Two operands repeated along different axes.
  const int row = leaf(1, 3);
  const int both = op<add>(wide, op<broadcast_to>(row, whole));
  EXPECT_TRUE(is<add>(both));
  EXPECT_EQ(operand(both, 0), v);
  EXPECT_EQ(operand(both, 1), row);
  EXPECT_EQ(g.extents[both], make_shape(4, 3));
  // A broadcast of a broadcast is one.
  const int twice = op<broadcast_to>(op<broadcast_to>(s, v), whole);
  EXPECT_TRUE(is<broadcast_to>(twice));
  EXPECT_EQ(operand(twice), s);
  EXPECT_EQ(op<broadcast_to>(whole, whole), whole);
}

TEST_F(made, transposes_are_undone) {
  const int m = leaf(4, 3), t3 = leaf(2, 3, 4);
  EXPECT_EQ(op<turned>(op<turned>(m)), m);
  using left = transpose_op<1, 2, 0>;
  using right = transpose_op<2, 0, 1>;
  EXPECT_EQ(g.extents[op<left>(t3)], make_shape(3, 4, 2));
  EXPECT_EQ(op<right>(op<left>(t3)), t3);
  EXPECT_EQ(op<left>(op<right>(t3)), t3);
  EXPECT_NE(op<left>(op<left>(t3)), t3);  // only the third turn is home
  EXPECT_EQ(g.extents[op<left>(op<left>(t3))], make_shape(4, 2, 3));
  EXPECT_TRUE(is_filled(op<turned>(g.filled(3, make_shape(4, 3))), 3, make_shape(3, 4)));
}

TEST_F(made, reshapes_to_the_same_extents_vanish) {
  const int v = leaf(5), m = leaf(6, 2);
  EXPECT_EQ((op<reshape_op<5, 1>>(v)), v);
  EXPECT_EQ((op<six_by_two>(m)), m);
  EXPECT_EQ(op<reshape_like_op>(m, leaf(6, 2)), m);
  EXPECT_TRUE(is<reshape_like_op>(op<reshape_like_op>(m, leaf(4, 3))));
  EXPECT_TRUE(is_filled(op<six_by_two>(g.filled(7, make_shape(12))), 7, make_shape(6, 2)));
}

TEST_F(made, reductions_of_constants_are_constants) {
  const int c = g.filled(3, make_shape(4, 5));
  EXPECT_TRUE(is_filled(op<sum_op<>>(c), 60, shape{}));
  EXPECT_TRUE(is_filled(op<sum_op<0>>(c), 12, make_shape(1, 5)));
  EXPECT_TRUE(is_filled(op<sum_op<1>>(c), 15, make_shape(4, 1)));
  EXPECT_TRUE(is_filled(op<maximum_op<>>(c), 3, shape{}));
  EXPECT_TRUE(is_filled(op<sum_to_like_op>(c, leaf(4)), 15, make_shape(4)));
}

TEST_F(made, reductions_over_nothing_vanish) {
  const int row = leaf(1, 3), s = leaf();
  EXPECT_EQ(op<sum_op<0>>(row), row);
  EXPECT_EQ(op<maximum_op<0>>(row), row);
  EXPECT_EQ(op<sum_op<>>(s), s);
  EXPECT_EQ(op<sum_to_like_op>(row, leaf(1, 3)), row);
  EXPECT_TRUE(is<sum_op<1>>(op<sum_op<1>>(row)));
}

TEST_F(made, select_of_equal_sides_is_that_side) {
  const int c = leaf(4), x = leaf(4), y = leaf(4), s = leaf();
  EXPECT_EQ(op<select_op>(c, x, x), x);
  EXPECT_TRUE(is<select_op>(op<select_op>(c, x, y)));
  EXPECT_EQ(g.extents[op<select_op>(c, s, s)], make_shape(4));  // not the scalar itself
}

TEST_F(made, only_what_picks_is_one_of_its_sides) {
  const int c = leaf(4), x = leaf(4);
  const int y = op<fma_op>(c, x, x);
  EXPECT_TRUE(is<fma_op>(y));
  EXPECT_NE(op<fma_op>(x, c, c), op<fma_op>(x, x, c));
}

TEST_F(made, a_contraction_with_zeros_is_zeros) {
  const int w = leaf(4, 5), x = leaf(5, 3);
  EXPECT_TRUE(is_filled(op<product>(w, g.filled(0, make_shape(5, 3))), 0, make_shape(4, 3)));
  EXPECT_TRUE(is_filled(op<product>(g.filled(0, make_shape(4, 5)), x), 0, make_shape(4, 3)));
  EXPECT_TRUE(is<product>(op<product>(w, g.filled(1, make_shape(5, 3)))));
}

TEST_F(made, like_ops_keep_the_shape_and_drop_the_operand) {
  const int s = leaf(), m = leaf(4, 3), other = leaf(4, 3), n = leaf(3, 4);
  const int a = op<broadcast_to>(s, m);
  EXPECT_EQ(op<broadcast_to>(s, other), a);  // only the shape counts
  EXPECT_NE(op<broadcast_to>(s, n), a);
  EXPECT_EQ(g.info(a).arity, 1);
  EXPECT_EQ(op<coordinate_like_op<0>>(m), op<coordinate_like_op<0>>(other));
  EXPECT_NE(op<coordinate_like_op<0>>(m), op<coordinate_like_op<0>>(n));
  EXPECT_EQ(op<count_per_op>(m, s), g.constant(12));
  EXPECT_EQ(op<count_per_op>(m, op<sum_op<0>>(m)), g.constant(4));
}

TEST_F(made, random_nodes_of_two_calls_are_two) {
  const int seed = leaf(), m = leaf(4, 3);
  using u = uniform_like_op<site>;
  EXPECT_EQ(op<u>(seed, m, none, 1), op<u>(seed, m, none, 1));
  EXPECT_NE(op<u>(seed, m, none, 1), op<u>(seed, m, none, 2));
  EXPECT_EQ(g.extents[op<u>(seed, m, none, 1)], make_shape(4, 3));
  EXPECT_EQ(operand(op<u>(seed, m, none, 2), 2), 2);
}

TEST_F(made, as_written_if_told_not_to_simplify) {
  g.simplifies = false;
  const int x = leaf(4, 3);
  EXPECT_TRUE(is<add>(op<add>(x, g.constant(0))));
  EXPECT_TRUE(is<mul>(op<mul>(x, g.constant(0))));
  EXPECT_TRUE((is<turned>(op<turned>(op<turned>(x)))));
  EXPECT_TRUE(is<sum_to_like_op>(op<sum_to_like_op>(x, x)));
  EXPECT_EQ(op<exp_op>(x), op<exp_op>(x));
  EXPECT_EQ(op<count_per_op>(x, g.constant(1)), g.constant(12));  // never anything but a constant
}

}  // namespace
