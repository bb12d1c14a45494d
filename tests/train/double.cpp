// SPDX-License-Identifier: BSL-1.0
// double.cpp -- in: models of double. out: steps, ranges of losses and accuracy in double, as the scalar backend's, the same
// to the bit for one to three threads.

#include <knit/knit.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <type_traits>
#include <vector>

namespace {

using namespace knit;

constexpr int features = 100, hidden = 72, classes = 10, size = 60;

template <long... N> tensor<double, N...> doubles(std::uint64_t stream) { return init<N...>(xavier_uniform{1}, stream); }
auto make_model() {
  return make_chain(dense{doubles<hidden, features>(1), tensor<double, hidden>(), tanh_},
                    dense{doubles<classes, hidden>(2), tensor<double, classes>(), identity});
}
using model_type = decltype(make_model());

/// n instances in clusters, one for each class.
instances<features> clusters(int n) {
  std::vector<std::uint8_t> x, y;
  for (int i = 0; i < n; ++i) {
    y.push_back(std::uint8_t(i * 7 % classes));
    for (int f = 0; f < features; ++f)
      x.push_back(std::uint8_t((philox(1, 0, std::uint64_t(i) * features + std::uint64_t(f))[0] >> 25) +
                               (f % classes == y.back() ? 100 : 0)));
  }
  return {std::move(x), std::move(y), classes};
}
std::vector<double> weights(model_type& m) {
  std::vector<double> v;
  for_each_parameter(m, [&](std::string const&, auto const& a) {
    for (long i = 0; i < a.size(); ++i) v.push_back(a[i]);
  });
  return v;
}

/// Losses and then weights of some steps.
template <class Backend, class Rule> std::vector<double> trained(Rule rule, int threads) {
  thread_count() = threads;
  auto model = make_model();
  auto data = clusters(300);
  std::vector<double> r;
  for (auto loss : data | minibatch<size>(shuffle_by{1}) | cycle | train<Backend>(model, rule) | take(8)) {
    static_assert(std::is_same_v<decltype(loss), double>);
    r.push_back(loss);
  }
  for (double w : weights(model)) r.push_back(w);
  thread_count() = 0;
  return r;
}
template <class Rule> void follows(Rule rule) {
  using step = training_step<simd_backend, model_type, Rule, view<unorm8, features, size>, view<std::uint8_t, size>>;
  static_assert(plan_of<step>::plan.parallel);
  static_assert(plan_of<step>::arena_bytes == 8 * plan_of<step>::plan.arena_floats);
  const auto expected = trained<scalar_backend<double>>(rule, 1);
  const auto one = trained<simd_backend>(rule, 1);
  ASSERT_EQ(one.size(), expected.size());
  for (std::size_t i = 0; i < one.size(); ++i) ASSERT_NEAR(one[i], expected[i], 1e-11 * (0.01 + std::abs(expected[i]))) << i;
  for (int threads : {2, 3}) EXPECT_EQ(trained<simd_backend>(rule, threads), one) << threads << " threads";
}

TEST(training_of_double, follows_the_scalar_backend) {
  follows(sgd_rule{.lr = 0.1});
  follows(adam_rule{.lr = 0.01});
}

TEST(training_of_double, learns_and_is_counted) {
  auto model = make_model();
  auto data = clusters(300);
  double last = 0;
  for (double loss : data | minibatch<size>(shuffle_by{1}) | cycle | momentum(model, {.lr = 0.05}) | take(100)) last = loss;
  EXPECT_LT(last, 0.3);
  const double share = accuracy(model, data);
  EXPECT_GT(share, 0.9);
  EXPECT_EQ(share, (accuracy<scalar_backend<double>>(model, data)));
}

}  // namespace
