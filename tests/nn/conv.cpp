// SPDX-License-Identifier: BSL-1.0
// conv.cpp -- in: op/conv.hpp, op/pool.hpp, nn/conv.hpp. out: convolutions, pooling and a network of both do what PyTorch's do: see
// tests/data/conv.py; ties, padding with zeros, reads outside.

#include <knit/nn/chain.hpp>
#include <knit/nn/conv.hpp>
#include <knit/optim/sgd.hpp>
#include <knit/train/step.hpp>
#include <knit/op/diff.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

namespace {

using namespace knit;

std::vector<double> stored(std::string const& name) {
  std::ifstream file(std::string(KNIT_TEST_DATA) + "/conv.txt");
  std::vector<double> numbers;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string first;
    if (words >> first; first != name) continue;
    for (double x; words >> x;) numbers.push_back(x);
  }
  return numbers;
}
/// In (-1, 1), by an integer hash: see tests/data/mnist_curve.py.
double unit(std::uint32_t k) {
  k *= 2654435761u, k ^= k >> 15;
  k *= 2246822519u, k ^= k >> 13;
  k *= 3266489917u, k ^= k >> 16;
  return double(k) / 4294967296.0 * 2 - 1;
}
template <class T, long... N> tensor<T, N...> units(std::uint32_t first, double by = 1) {
  tensor<T, N...> t;
  t.fill([&](long i) { return T(by * unit(first + std::uint32_t(i))); });
  return t;
}

template <class... A> void are_stored(std::string const& name, double tolerance, A const&... arrays) {
  const std::vector<double> right = stored(name);
  std::size_t at = 0;
  auto one = [&](auto const& a) {
    for (long i = 0; i < a.size() && at < right.size(); ++i, ++at) ASSERT_NEAR(double(a[i]), right[at], tolerance) << name << ", number " << at;
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
template <class T> void check_all(double tolerance) {
  auto w = units<T, 3, 3, 2, 4>(1000);
  auto x = units<T, 9, 7, 2, 3>(0);
  check("conv_1_0", tolerance, [](auto w, auto x) { return conv4(w, x); }, w, x);
  check("conv_1_1", tolerance, [](auto w, auto x) { return conv4<1, 1>(w, x); }, w, x);
  check("conv_2_1", tolerance, [](auto w, auto x) { return conv4<2, 1>(w, x); }, w, x);
  check("conv_3_2", tolerance, [](auto w, auto x) { return conv4<3, 2>(w, x); }, w, x);
  check("pool", tolerance, [](auto x) { return pool<3, 2>(x); }, x);
  check("mean_pool", tolerance, [](auto x) { return mean_pool<3, 2>(x); }, x);
}
TEST(convolution, is_pytorchs) {
  check_all<float>(5e-6);
  check_all<double>(1e-13);
}

template <class Net> struct regression {
  BOOST_HANA_DEFINE_STRUCT(regression, (Net, net));
  template <class X, class T> constexpr auto operator()(X&& x, T&& t) const { return mse(net(std::forward<X>(x)), std::forward<T>(t)); }
};
template <class Net> regression(Net) -> regression<Net>;

template <class Backend, class T> std::vector<double> losses() {
  tensor<T, 6, 12> dense_w;  // rows lie side by side in the numbering of the script
  for (int r = 0; r < 6; ++r)
    for (int c = 0; c < 12; ++c) dense_w(r, c) = T(0.5 * unit(4000 + std::uint32_t(r * 12 + c)));
  regression model{make_chain(conv{units<T, 3, 3, 2, 4>(2000, 0.5), tensor<T, 1, 1, 4>(), relu, moving<1, 1>{}}, pool<2>,
                              conv{units<T, 2, 2, 4, 3>(3000, 0.5), tensor<T, 1, 1, 3>(), tanh_, moving<2, 0>{}}, mat,
                              dense{dense_w, tensor<T, 6>(), identity})};
  const auto x = units<T, 10, 8, 2, 5>(0);
  const auto t = units<T, 6, 5>(1000);
  training_step<Backend, decltype(model), sgd_rule, tensor<T, 10, 8, 2, 5>, tensor<T, 6, 5>> step(model, {.lr = 0.1});
  std::vector<double> all;
  for (int s = 0; s < 50; ++s) all.push_back(double(step(x, t)));
  return all;
}
TEST(convolution, trains_as_pytorch_does) {
  const auto right = stored("training"), in_double = losses<scalar_backend<double>, double>(), on_lanes = losses<simd_backend, float>();
  ASSERT_EQ(right.size(), 50u);
  for (std::size_t s = 0; s < right.size(); ++s) {
    EXPECT_NEAR(in_double[s], right[s], 1e-10 * right[s]) << "in double, step " << s;
    EXPECT_NEAR(on_lanes[s], right[s], 1e-4 * right[s]) << "on lanes, step " << s;
  }
  EXPECT_LT(right[49], right[0] / 2);
}

TEST(pooling, shares_gradients_among_ties) {
  tensor<float, 4, 2> x{1, 1, 3, 3,   // first window: 1, 1, 0, 1; second: all 3
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
