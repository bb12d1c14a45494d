// SPDX-License-Identifier: BSL-1.0
// epilogues.cpp -- in: programs whose reductions go on in the step that makes what they reduce. out: what the scalar
// backend gives in double, at sizes around those of registers and tiles, the same to the bit for one to three threads.

#include <knit/knit.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

namespace {

using namespace knit;

template <class T, long... N> tensor<T, N...> filled(int seed) {
  tensor<T, N...> t;
  t.fill([&](long i) { return T(double(philox(std::uint64_t(seed), 0, std::uint64_t(i))[0]) * 0x1p-31 - 1); });
  return t;
}

/// Value and all derivatives of F.
template <class Backend, class F, class... X> std::vector<double> computed(X const&... x) {
  value_and_gradients<Backend, F, X...> f;
  std::tuple<X...> d;
  std::vector<double> all;
  std::apply([&](auto&... dx) { all.push_back(double(f(x..., dx...))); }, d);
  auto add = [&](auto const& dx) {
    for (long i = 0; i < dx.size(); ++i) all.push_back(double(dx[i]));
  };
  std::apply([&](auto const&... dx) { (add(dx), ...); }, d);
  return all;
}
template <class F, class... X> void agree(char const* what, X const&... x) {
  using T = typename std::tuple_element_t<0, std::tuple<X...>>::value_type;
  const double tolerance = std::is_same_v<T, float> ? 3e-5 : 1e-12;
  const auto right = computed<scalar_backend<double>, F>(x...);
  std::vector<double> first;
  for (int threads : {1, 2, 3}) {
    thread_count() = threads;
    const auto got = computed<simd_backend, F>(x...);
    for (std::size_t i = 0; i < right.size(); ++i) ASSERT_NEAR(got[i], right[i], tolerance * (1 + std::abs(right[i]))) << what << ", number " << i;
    if (threads == 1) first = got;
    else ASSERT_EQ(std::memcmp(first.data(), got.data(), got.size() * sizeof(double)), 0) << what << ", " << threads << " threads";
  }
  thread_count() = 0;
}

struct cross_entropy {  // rows of registers: the largest, the sum of exponentials, the probabilities
  template <class W, class B, class X, class Y> constexpr auto operator()(W const& w, B const& b, X const& x, Y const& y) const {
    auto p = logsoftmax<0>(w * x + b);
    return mean(y % p) + mean(max<0>(p));
  }
};
struct totals_of_columns {  // what the gradient of a bias is: a sum of each row, and one of all
  template <class W, class B, class X, class Y> constexpr auto operator()(W const& w, B const& b, X const& x, Y const& y) const {
    auto z = tanh(w * x + b);
    return mean(square(z - y)) + sum(square(mean<1>(z))) + sum(max<1>(z % y)) + max(z);
  }
};

template <class T, int M, int K, int N> void at_size() {
  const auto w = filled<T, M, K>(1);
  const auto b = filled<T, M>(2);
  const auto x = filled<T, K, N>(3);
  const auto y = filled<T, M, N>(4);
  agree<cross_entropy>("cross_entropy", w, b, x, y);
  agree<totals_of_columns>("totals_of_columns", w, b, x, y);
}

TEST(epilogues, of_rows_that_one_register_holds) {
  at_size<float, 2, 3, 5>();
  at_size<float, 10, 17, 33>();
  at_size<float, 16, 20, 40>();
}
TEST(epilogues, of_rows_that_a_tile_holds) {
  at_size<float, 17, 9, 31>();
  at_size<float, 31, 40, 15>();
  at_size<float, 32, 64, 100>();
}
TEST(epilogues, of_longer_rows) {
  at_size<float, 33, 20, 45>();
  at_size<float, 70, 33, 129>();
}
TEST(epilogues, of_double) {
  at_size<double, 7, 5, 9>();
  at_size<double, 10, 30, 41>();
  at_size<double, 19, 21, 22>();
}
TEST(epilogues, with_threads) {  // large enough for them
  at_size<float, 10, 100, 300>();
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
