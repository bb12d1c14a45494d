// SPDX-License-Identifier: BSL-1.0
// epilogues.cpp -- in: programs whose reductions go on in the step that makes what they reduce. out: what the scalar
// backend gives in double, at sizes around those of registers and tiles, the same to the bit for one to three threads.

#include "epilogues.hpp"

namespace {

using namespace epilogues_of_products;

TEST(epilogues, of_rows_that_one_register_holds) {
  at_size<float, 2, 3, 5>();
  at_size<float, 16, 20, 40>();
}
TEST(epilogues, of_rows_that_a_tile_holds) {
  at_size<float, 17, 9, 31>();
  at_size<float, 32, 64, 100>();
}
TEST(epilogues, of_longer_rows) { at_size<float, 70, 33, 129>(); }
TEST(epilogues, of_double) {
  at_size<double, 7, 5, 9>();
  at_size<double, 19, 21, 22>();
}
TEST(epilogues, with_threads) {  // large enough for them
  at_size<float, 48, 130, 260>();
}

// What a tile does not span: sums over an axis that both operands have, or that the one with the rows has.
struct sums_of_batches {
  template <class A, class X> constexpr auto operator()(A const& a, X const& x) const {
    return sum(square(sum<1>(einsum<"mkb,kb->mb">(a, x)))) + sum(tanh(einsum<"mkb,kb->mb">(a, x)));
  }
};
struct sums_of_planes {
  template <class A, class X> constexpr auto operator()(A const& a, X const& x) const {
    auto y = tanh(einsum<"mnk,k->mn">(a, x));
    return sum(square(sum<1>(y))) + sum(softmax<0>(y) % y);
  }
};
TEST(epilogues, of_axes_that_no_tile_spans) {
  agree<sums_of_batches>("a batch", filled<float, 20, 7, 5>(1), filled<float, 7, 5>(2));
  agree<sums_of_planes>("planes", filled<float, 20, 5, 7>(1), filled<float, 7>(2));
  agree<sums_of_planes>("planes of rows", filled<float, 10, 5, 7>(1), filled<float, 7>(2));
}

struct another_height {  // the rows that are reduced are not those of what reads the reduction
  template <class W, class X, class Z> constexpr auto operator()(W const& w, X const& x, Z const& z) const {
    auto r = max<0>(w * x);
    auto u = square(z);
    return sum(square((r + u) % mean(transpose(u) * u)));
  }
};
TEST(epilogues, of_rows_of_another_height) {
  agree<another_height>("5 and 20", filled<float, 5, 6>(1), filled<float, 6, 9>(2), filled<float, 20, 9>(3));
  agree<another_height>("10 and 7", filled<float, 10, 6>(1), filled<float, 6, 9>(2), filled<float, 7, 9>(3));
}

struct read_before_it_is_added_up {  // a sum in parts, read in an early kernel once and in a late one again and again
  template <class U, class X> constexpr auto operator()(U const& u, X const& x) const {
    return mean(square(u * max<1>(x))) + mean(square(u * x));
  }
};
TEST(parts, are_there_whoever_reads_them) {
  agree<read_before_it_is_added_up>("a maximum", filled<float, 40, 64>(1), filled<float, 64, 301>(2));
}

struct rows_alone {  // no product
  template <class X> constexpr auto operator()(X const& x) const {
    auto e = softmax<0>(x);
    return sum(square(e)) + mean(max<0>(x) % mean<0>(e % x)) + sum(logsumexp<1>(square(x)));
  }
};
struct a_vector {
  template <class X> constexpr auto operator()(X const& x) const { return sum(square(softmax(x))) + logsumexp(3 * x); }
};
TEST(rows, without_a_product) {
  agree<rows_alone>("10 x 7", filled<float, 10, 7>(1));
  agree<rows_alone>("16 x 3 x 5", filled<float, 16, 3, 5>(2));
  agree<rows_alone>("21 x 40", filled<float, 21, 40>(3));
  agree<rows_alone>("32 x 2000", filled<float, 32, 2000>(4));
  agree<rows_alone>("5 x 6 of double", filled<double, 5, 6>(5));
  agree<a_vector>("10", filled<float, 10>(6));
  agree<a_vector>("31", filled<float, 31>(7));
  agree<a_vector>("13 of double", filled<double, 13>(8));
}

TEST(rows, let_no_padding_in) {  // what is computed behind the end of a row must not count: exp(0) is 1
  const tensor<float, 3, 2> x{-50, -50, -50, 1, 2, 3};
  const tensor s = eval(sum<0>(exp(x)));
  EXPECT_NEAR(s[0], 3 * std::exp(-50.), 1e-26);
  const tensor m = eval(max<0>(x % x - 5000));
  EXPECT_EQ(m[0], -2500);
  EXPECT_EQ(m[1], -4991);
}
TEST(rows, keep_what_is_no_number) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const tensor<float, 3, 2> x{1, nan, 2, 3, 4, 5};
  const tensor m = eval(max<0>(x) + 0 * sum<0>(x));
  EXPECT_TRUE(std::isnan(m[0]));
  EXPECT_EQ(m[1], 5);
}

}  // namespace
