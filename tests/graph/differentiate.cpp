// SPDX-License-Identifier: BSL-1.0
// differentiate.cpp -- in: graph/differentiate.hpp, at run time, on graphs made by hand. out: the adjoints that a
// page of algebra gives, and on scalars those of difference quotients.

#include <knit/op/catalogue.hpp>

#include <knit/graph/rules.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

namespace {

using namespace knit;

using product = contract_op<"mk", "kn", "mn">;
using ops = program_ops<true, mp::mp_list<sub_op, div_op, neg_op, exp_op, square_op, relu_op, less_op, detach_op, product,
                                          transpose_op<1, 0>, sum_op<>, sum_op<0>, maximum_op<>>>;
using table = op_table<true, ops>;

class swept : public testing::Test {
 protected:
  std::unique_ptr<graph<1024>> owned = std::make_unique<graph<1024>>(table::info, table::known);
  graph<1024>& g = *owned;
  std::vector<int> adjoint = std::vector<int>(1024, -7);
  int leaves = 0;

  template <class... N> int leaf(N... n) { return g.leaf(leaves++, make_shape(n...)); }
  template <class Op> int op(int a, int b = none, int c = none) { return g.make(table::number<Op>, a, b, c); }
  template <class Op> bool is(int v) const { return op_of(g.at(v)) == table::number<Op>; }
  int operand(int v, int k = 0) const { return field(g.at(v), k); }
  void sweep(int top) { differentiate(g, table::rule_of, top, adjoint.data()); }
  bool is_filled(int v, double value, shape s) const {
    const int c = g.constant_behind(v);
    return c >= 0 && g.value(c) == value && same_extents(g.extents[v], s);
  }

  /// Scalar value v, its leaves given.
  double value(int v, std::vector<double> const& x) const {
    if (g.is_constant(v)) return g.value(v);
    if (op_of(g.at(v)) == leaf_code) return x[std::size_t(operand(v))];
    double const a = value(operand(v), x), b = g.info(v).arity > 1 ? value(operand(v, 1), x) : 0;
    if (is<add_op>(v)) return a + b;
    if (is<sub_op>(v)) return a - b;
    if (is<mul_op>(v)) return a * b;
    if (is<div_op>(v)) return a / b;
    if (is<exp_op>(v)) return std::exp(a);
    if (is<square_op>(v)) return a * a;
    if (is<neg_op>(v)) return -a;
    ADD_FAILURE() << "no scalar value for " << g.info(v).name;
    return 0;
  }
};

TEST_F(swept, the_top_itself_is_one) {
  const int x = leaf(4, 3);
  sweep(x);
  EXPECT_TRUE(is_filled(adjoint[std::size_t(x)], 1, make_shape(4, 3)));
}

TEST_F(swept, a_product_gives_each_the_other) {
  const int x = leaf(), y = leaf(), z = op<mul_op>(x, y);
  sweep(z);
  EXPECT_EQ(adjoint[std::size_t(x)], y);
  EXPECT_EQ(adjoint[std::size_t(y)], x);
}

TEST_F(swept, adjoints_of_shared_values_add_up) {
  const int x = leaf(4), s = op<sum_op<>>(op<mul_op>(x, x));
  sweep(s);
  const int a = adjoint[std::size_t(x)];
  EXPECT_EQ(a, op<add_op>(x, x));
  // A value that is used by three others: x + exp(x) + exp(x) % x.
  const int e = op<exp_op>(x), t = op<sum_op<>>(op<add_op>(op<add_op>(x, e), op<mul_op>(e, x)));
  const int before = g.size();
  sweep(t);
  EXPECT_EQ(g.extents[adjoint[std::size_t(x)]], make_shape(4));
  // Of e: 1 + x. Of x: 1 + e + (1 + x) e, in some order; six more nodes at most.
  EXPECT_TRUE(is<add_op>(adjoint[std::size_t(e)]));
  EXPECT_LE(g.size() - before, 8);
}

TEST_F(swept, a_chain_of_shared_values_does_not_grow_exponentially) {
  int x = leaf();
  const int first = x;
  for (int i = 0; i < 40; ++i) x = op<add_op>(op<mul_op>(x, x), x);
  sweep(x);
  EXPECT_NE(adjoint[std::size_t(first)], none);
  EXPECT_LT(g.size(), 40 * 8);
}

TEST_F(swept, is_the_difference_quotient_on_scalars) {
  const int x = leaf(), y = leaf();
  const int e = op<exp_op>(op<mul_op>(x, op<neg_op>(y)));
  const int q = op<div_op>(op<sub_op>(e, op<square_op>(x)), op<add_op>(y, g.constant(3)));
  const int top = op<add_op>(op<mul_op>(q, q), op<div_op>(e, q));
  sweep(top);
  std::vector<double> at = {0.7, 1.3};
  for (int k = 0; k < 2; ++k) {
    const double h = 1e-5;
    auto up = at, down = at;
    up[std::size_t(k)] += h, down[std::size_t(k)] -= h;
    const double expected = (value(top, up) - value(top, down)) / (2 * h);
    EXPECT_NEAR(value(adjoint[std::size_t(k ? y : x)], at), expected, 1e-7 * std::abs(expected) + 1e-9);
  }
}

TEST_F(swept, a_broadcast_operand_is_summed_back) {
  const int m = leaf(4, 3), column = leaf(4), row = leaf(1, 3), s = leaf();
  const int top = op<sum_op<>>(op<square_op>(op<add_op>(op<add_op>(m, column), op<mul_op>(row, s))));
  sweep(top);
  for (int v : {m, column, row, s}) {
    ASSERT_NE(adjoint[std::size_t(v)], none);
    EXPECT_TRUE(same_extents(g.extents[adjoint[std::size_t(v)]], g.extents[v]));
  }
  const int a = adjoint[std::size_t(column)];
  ASSERT_TRUE(is<sum_to_like_op>(a));
  EXPECT_EQ(operand(a), adjoint[std::size_t(m)]);
  EXPECT_TRUE(is<sum_to_like_op>(adjoint[std::size_t(row)]) || is<mul_op>(adjoint[std::size_t(row)]));
}

TEST_F(swept, a_constant_adjoint_is_summed_without_a_sum) {
  const int m = leaf(4, 3), column = leaf(4);
  sweep(op<sum_op<>>(op<add_op>(m, column)));
  EXPECT_TRUE(is_filled(adjoint[std::size_t(m)], 1, make_shape(4, 3)));
  EXPECT_TRUE(is_filled(adjoint[std::size_t(column)], 3, make_shape(4)));
}

TEST_F(swept, a_reduced_axis_is_repeated_back) {
  const int m = leaf(4, 3), top = op<sum_op<>>(op<square_op>(op<sum_op<0>>(m)));
  sweep(top);
  const int a = adjoint[std::size_t(m)];
  ASSERT_NE(a, none);
  EXPECT_EQ(g.extents[a], make_shape(4, 3));
  EXPECT_TRUE(is<broadcast_like_op>(a));  // of 2 sum(m): what is only repeated is computed before
  EXPECT_EQ(g.extents[operand(a)], make_shape(1, 3));
}

TEST_F(swept, a_contraction_gives_contractions) {
  const int w = leaf(5, 4), x = leaf(4, 3), c = leaf(5, 3);
  const int top = op<sum_op<>>(op<mul_op>(op<product>(w, x), c));
  sweep(top);
  const int aw = adjoint[std::size_t(w)], ax = adjoint[std::size_t(x)];
  EXPECT_EQ(g.extents[aw], make_shape(5, 4));
  EXPECT_EQ(g.extents[ax], make_shape(4, 3));
  ASSERT_EQ(g.info(aw).what, kind::contract);
  ASSERT_EQ(g.info(ax).what, kind::contract);
  EXPECT_EQ(operand(aw, 0), c);  // c * transpose(x), by letters
  EXPECT_EQ(operand(aw, 1), x);
  EXPECT_EQ(std::string(g.info(aw).labels[0]) + g.info(aw).labels[1] + g.info(aw).labels[2], "mnknmk");
  EXPECT_EQ(operand(ax, 0), w);
  EXPECT_EQ(operand(ax, 1), c);
  EXPECT_EQ(std::string(g.info(ax).labels[0]) + g.info(ax).labels[1] + g.info(ax).labels[2], "mkmnkn");
}

TEST_F(swept, what_the_top_does_not_depend_on_has_none) {
  const int x = leaf(4), unused = leaf(4), y = leaf(4);
  const int other = op<exp_op>(unused);
  const int steps = op<less_op>(y, x);             // constant almost everywhere
  const int held = op<detach_op>(op<exp_op>(y));   // constant by request
  const int top = op<sum_op<>>(op<add_op>(op<add_op>(op<square_op>(x), steps), held));
  sweep(top);
  EXPECT_NE(adjoint[std::size_t(x)], none);
  EXPECT_EQ(adjoint[std::size_t(unused)], none);
  EXPECT_EQ(adjoint[std::size_t(other)], none);
  EXPECT_EQ(adjoint[std::size_t(y)], none);
  EXPECT_EQ(adjoint[std::size_t(held)], adjoint[std::size_t(steps)]);  // both are reached: ones
  EXPECT_EQ(adjoint[std::size_t(x)], op<mul_op>(g.constant(2), x));
}

TEST_F(swept, values_past_the_top_are_left_alone) {
  const int x = leaf(), y = op<exp_op>(x), later = op<square_op>(y);
  sweep(y);
  EXPECT_EQ(adjoint[std::size_t(x)], y);
  EXPECT_EQ(adjoint[std::size_t(later)], -7);
}

TEST_F(swept, again_gives_the_second_derivative) {
  const int x = leaf(), y = op<exp_op>(op<square_op>(x));
  sweep(y);
  const int slope = adjoint[std::size_t(x)];
  sweep(slope);
  const double v = 0.8, expected = (2 + 4 * v * v) * std::exp(v * v);
  EXPECT_NEAR(value(adjoint[std::size_t(x)], {v}), expected, 1e-12 * expected);
}

}  // namespace
