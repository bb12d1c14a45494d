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
