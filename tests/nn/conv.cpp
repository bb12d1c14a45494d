// SPDX-License-Identifier: BSL-1.0
// conv.cpp -- in: op/conv.hpp, op/pool.hpp, nn/conv.hpp. out: convolutions, pooling and a network of both do what PyTorch's do: see
// tests/data/conv.py; ties, padding with zeros, reads outside.

#include "conv.hpp"

#include <knit/op/diff.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace {

using namespace conv_data;

template <class... A> void are_stored(std::string const& name, double tolerance, A const&... arrays) {
  const std::vector<double> right = stored(name);
  std::size_t at = 0;
  auto one = [&](auto const& a) {
    for (long i = 0; i < a.size() && at < right.size(); ++i, ++at)
      ASSERT_NEAR(double(a[i]), right[at], tolerance) << name << ", number " << at;
  };
  (one(arrays), ...);
  EXPECT_EQ((arrays.size() + ...), long(right.size())) << name;
}

/// The result of f and its derivatives, times unit(2000), with regard to its operands.
template <class F, class... A> void check(std::string const& name, double tolerance, F f, A&... a) {
  using T = typename std::tuple_element_t<0, std::tuple<A...>>::value_type;
  tensor y = f(a...);
  auto g = y;
  g.fill([](long i) { return T(unit(2000 + std::uint32_t(i))); });
  auto r = diff([f](auto g, auto... x) { return sum(f(x...) % g); })(g, a...);
  [&]<int... K>(std::integer_sequence<int, K...>) {
    are_stored(name, tolerance, y, tensor(grad<1 + K>(r))...);
  }(std::make_integer_sequence<int, int(sizeof...(A))>{});
}
TEST(convolution, is_pytorchs) {
  auto w = units<float, 3, 3, 2, 4>(1000);
  auto x = units<float, 9, 7, 2, 3>(0);
  check(
      "conv_1_0", 5e-6, [](auto w, auto x) { return conv4(w, x); }, w, x);
  check(
      "conv_1_1", 5e-6, [](auto w, auto x) { return conv4<1, 1>(w, x); }, w, x);
  check(
      "conv_3_2", 5e-6, [](auto w, auto x) { return conv4<3, 2>(w, x); }, w, x);
  check(
      "pool", 5e-6, [](auto x) { return pool<3, 2>(x); }, x);
  check(
      "mean_pool", 5e-6, [](auto x) { return mean_pool<3, 2>(x); }, x);
}
TEST(convolution, of_doubles_is_pytorchs) {
  auto w = units<double, 3, 3, 2, 4>(1000);
  auto x = units<double, 9, 7, 2, 3>(0);
  check(
      "conv_2_1", 1e-13, [](auto w, auto x) { return conv4<2, 1>(w, x); }, w, x);
}

TEST(convolution, trains_as_pytorch_does) {
  const auto right = stored("training"), in_double = losses<scalar_backend<double>, double>(),
             on_lanes = losses<simd_backend, float>();
  ASSERT_EQ(right.size(), 50u);
  for (std::size_t s = 0; s < right.size(); ++s) {
    EXPECT_NEAR(in_double[s], right[s], 1e-10 * right[s]) << "in double, step " << s;
    EXPECT_NEAR(on_lanes[s], right[s], 1e-4 * right[s]) << "on lanes, step " << s;
  }
  EXPECT_LT(right[49], right[0] / 2);
}

TEST(pooling, shares_gradients_among_ties) {
  tensor<float, 4, 2> x{1, 1, 3, 3,  // first window: 1, 1, 0, 1; second: all 3
                        0, 1, 3, 3};
  auto r = diff([](auto x) { return sum(pool<2>(x)); })(x);
  EXPECT_EQ(float(value(r)), 4);
  tensor g = grad<0>(r);
  const float right[] = {1 / 3.f, 1 / 3.f, 0.25f, 0.25f, 0, 1 / 3.f, 0.25f, 0.25f};
  for (int i = 0; i < 8; ++i) EXPECT_FLOAT_EQ(g[i], right[i]) << i;
}
TEST(pooling, keeps_nan_and_leaves_out_what_does_not_fit) {
  tensor<float, 5, 3> x(1.f);
  x(0, 1) = std::numeric_limits<float>::quiet_NaN();
  x(4, 2) = 7;
  tensor y = pool<2>(x);
  static_assert(std::is_same_v<decltype(y), tensor<float, 2, 1>>);
  EXPECT_TRUE(std::isnan(y[0]));
  EXPECT_EQ(y[1], 1);
}
TEST(images, become_columns_and_back) {
  auto x = units<float, 3, 2, 2, 4>(0);
  tensor y = unmat<3, 2, 2>(mat(x));
  static_assert(std::is_same_v<decltype(y), tensor<float, 3, 2, 2, 4>>);
  for (long i = 0; i < x.size(); ++i) EXPECT_EQ(y[i], x[i]);
}

}  // namespace
