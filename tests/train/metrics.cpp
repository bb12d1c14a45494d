// SPDX-License-Identifier: BSL-1.0
// metrics.cpp -- in: train/metrics.hpp, a model whose scores are known. out: accuracy, likelihood and confusion as counted by
// hand over data and over batches, a last smaller one among them, in one pass.

#include <knit/knit.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <tuple>
#include <vector>

#include <range/v3/view/transform.hpp>

namespace {

using namespace knit;

constexpr int features = 2, classes = 3, most = 4;

/// The scores of an instance (a, b) are a, b and 1 / 2, each as byte / 255.
auto make_model() {
  return dense{tensor<float, classes, features>{1, 0, 0, 0, 1, 0}, tensor<float, classes>{0, 0, 0.5f}, identity};
}

instances<features> drawn(int n) {
  std::vector<std::uint8_t> x, y;
  for (int i = 0; i < n; ++i) {
    x.push_back(std::uint8_t(i * 89));
    x.push_back(std::uint8_t(i * 151 + 7));
    y.push_back(std::uint8_t((i * i + i / 3) % classes));
  }
  return {std::move(x), std::move(y), classes};
}

struct by_hand {
  double right = 0, loss = 0;
  long counts[classes][classes]{};
  by_hand(instances<features> const& data, int n) {
    for (int i = 0; i < n; ++i) {
      const double z[] = {data.x[std::size_t(2 * i)] / 255.0, data.x[std::size_t(2 * i + 1)] / 255.0, 0.5};
      int best = 0;
      for (int k = 1; k < classes; ++k)
        if (z[k] > z[best]) best = k;
      const int label = data.y[std::size_t(i)];
      ++counts[label][best];
      right += (best == label) / double(n);
      loss += (std::log(std::exp(z[0]) + std::exp(z[1]) + std::exp(z[2])) - z[label]) / n;
    }
  }
};

void expect_same(std::tuple<double, double, tensor<std::int32_t, classes, classes>> const& got, by_hand const& expected) {
  auto const& [right, loss, counts] = got;
  EXPECT_NEAR(right, expected.right, 1e-12);
  EXPECT_NEAR(loss, expected.loss, 1e-6);
  for (int label = 0; label < classes; ++label)
    for (int row = 0; row < classes; ++row) EXPECT_EQ(counts(label, row), expected.counts[label][row]) << label << ' ' << row;
}

// Else a model of NaN would name the first class, and be right as often as that occurs.
TEST(metrics, of_scores_that_are_no_numbers) {
  constexpr float none = std::numeric_limits<float>::quiet_NaN();
  const float all[] = {none, none, none}, first[] = {none, 1, 2}, last[] = {0, 1, none}, sound[] = {2, 1, 0};
  accuracy_metric right;
  confusion_metric<3> counts;
  for (auto const& scores : {all, first, last, sound})
    for (long label : {0, 1}) right(std::span(scores, 3), label), counts(std::span(scores, 3), label);
  EXPECT_EQ(right.value(), 1 / 8.0);
  for (int label = 0; label < 3; ++label)
    for (int row = 0; row < 3; ++row) EXPECT_EQ(counts.value()(label, row), row == 0 && label < 2) << label << ' ' << row;
}

TEST(metrics, are_those_of_all_instances) {
  const auto model = make_model();
  for (int n : {1, 3, 4, 5, 23}) {
    const auto data = drawn(n);
    const by_hand expected(data, n);
    expect_same({accuracy<simd_backend, most>(model, data), nll<simd_backend, most>(model, data),
                 confusion<simd_backend, most>(model, data)},
                expected);
    // The order does not matter.
    expect_same(measure(model, data | minibatch<dyn<"batch", most>>(shuffle_by{3}), accuracy_metric{}, nll_metric{},
                        confusion_metric<classes>{}),
                expected);
  }
}

TEST(metrics, of_batches_are_of_what_is_in_them) {
  const auto data = drawn(23);
  const auto model = make_model();
  auto batches = data | minibatch<most>(in_order{});  // five: three instances are left over
  const by_hand expected(data, 20);
  EXPECT_NEAR(accuracy(model, batches), expected.right, 1e-12);
  EXPECT_NEAR(nll(model, batches), expected.loss, 1e-6);
}

/// A metric of the user's own.
struct mean_score {
  double sum = 0;
  long count = 0;
  void operator()(auto scores, long label) { sum += double(scores[std::size_t(label)]), ++count; }
  double value() const { return sum / double(count); }
};
TEST(metrics, take_one_pass_and_one_call_for_each_batch) {
  const auto data = drawn(23);
  const auto model = make_model();
  int batches = 0;
  auto counted = data | minibatch<dyn<"batch", most>>() | ranges::views::transform([&](auto b) { return ++batches, b; });
  const auto [mean, loss] = measure(model, counted, mean_score{}, nll_metric{});
  EXPECT_EQ(batches, 6);
  EXPECT_GT(mean, 0);
  EXPECT_NEAR(loss, by_hand(data, 23).loss, 1e-6);
}

TEST(metrics, agree_with_the_loss_that_is_trained) {
  const auto data = drawn(most);
  auto model = make_chain(make_model());
  double loss = 0;
  for (float l : data | minibatch<most>(in_order{}) | sgd(model, {.lr = 0})) loss = l;
  EXPECT_NEAR((nll<simd_backend, most>(model, data)), loss, 1e-6);
}

TEST(metrics, of_scores_far_apart_do_not_overflow) {
  auto model = dense{tensor<float, 2, 1>(), tensor<float, 2>{2000, 0}, identity};
  const instances<1> data(std::vector<std::uint8_t>{0, 0}, std::vector<std::uint8_t>{0, 1}, 2);
  EXPECT_EQ((nll<simd_backend, 2>(model, data)), 1000);
  model.b[1] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan((nll<simd_backend, 2>(model, data))));
}

TEST(metrics, of_nothing) {
  const auto model = make_model();
  EXPECT_EQ((accuracy<simd_backend, most>(model, drawn(0))), 0);
  EXPECT_TRUE(std::isnan((nll<simd_backend, most>(model, drawn(0)))));
}

TEST(metrics, refuse_a_label_without_a_score) {
  const instances<features> data(std::vector<std::uint8_t>(5 * features), std::vector<std::uint8_t>{0, 1, 2, 0, 3}, classes + 1);
  try {
    accuracy<simd_backend, most>(make_model(), data);
    FAIL();
  } catch (data_error const& e) {
    EXPECT_STREQ(e.what(),
                 "knit: an instance has the label 3, but the model gives scores for labels 0 .. 2; give it a row for each class");
  }
}

}  // namespace
