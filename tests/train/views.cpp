// SPDX-License-Identifier: BSL-1.0
// views.cpp -- in: train/views.hpp. out: as many updates and batches as elements, each epoch its own order, losses
// from before their updates.

#include <knit/knit.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include <range/v3/algorithm/for_each.hpp>
#include <range/v3/range/conversion.hpp>
#include <range/v3/view/drop.hpp>
#include <range/v3/view/iota.hpp>
#include <range/v3/view/stride.hpp>
#include <range/v3/view/transform.hpp>

namespace {

using namespace knit;

constexpr int features = 6, size = 4, classes = 3;
using batch_type = batch_of<features, size>;

/// n instances that know their number: feature 0.
instances<features> numbered(int n) {
  std::vector<std::uint8_t> x, y;
  for (int i = 0; i < n; ++i) {
    x.push_back(std::uint8_t(i));
    for (int f = 1; f < features; ++f) x.push_back(std::uint8_t(i * 37 * f + f * f * 11));
    y.push_back(std::uint8_t((i * i + i / 3) % classes));
  }
  return {std::move(x), std::move(y), classes};
}
auto make_model() {
  return make_chain(make_dense<features, 5>(tanh_, xavier_uniform{1}, 0), make_dense<5, classes>(identity, xavier_uniform{1}, 1));
}
using model_type = decltype(make_model());
using step_type = training_step<default_backend, model_type, sgd_rule, view<unorm8, features, size>, view<std::uint8_t, size>>;
constexpr sgd_rule rule{.lr = 0.3f};

std::vector<float> weights(model_type& m) {
  std::vector<float> v;
  for_each_parameter(m, [&](std::string const&, auto const& a) {
    for (long i = 0; i < a.size(); ++i) v.push_back(a[i]);
  });
  return v;
}

/// The model and the losses after n steps by hand, over epochs of `data` in its shuffled order.
struct by_hand {
  std::vector<float> losses, weights;
};
by_hand train_by_hand(instances<features> const& data, int n, std::uint64_t seed) {
  auto model = make_model();
  step_type step(model, rule);
  by_hand r;
  std::vector<int> order;
  const int per_epoch = data.size / size;
  for (int s = 0; s < n; ++s) {
    if (s % per_epoch == 0) {
      order.resize(std::size_t(data.size));
      for (int i = 0; i < data.size; ++i) order[std::size_t(i)] = i;
      shuffle(order, seed, std::uint64_t(s / per_epoch));
    }
    std::vector<unorm8> x;
    std::vector<std::uint8_t> y;
    for (int i = 0; i < size; ++i) {
      const int from = order[std::size_t(s % per_epoch * size + i)];
      for (int f = 0; f < features; ++f) x.push_back(unorm8(data.x[std::size_t(from * features + f)]));
      y.push_back(data.y[std::size_t(from)]);
    }
    r.losses.push_back(step(view<unorm8, features, size>(x.data()), view<std::uint8_t, size>(y.data())));
  }
  r.weights = weights(model);
  return r;
}

/// What passes through is counted.
struct counter {
  int drawn = 0;
  auto count() {
    return ranges::views::transform([this](batch_type b) {
      ++drawn;
      return b;
    });
  }
};

TEST(training, makes_as_many_steps_as_are_taken) {
  const auto data = numbered(22);  // five batches
  for (int n : {0, 1, 4, 5, 6, 13}) {
    auto model = make_model();
    counter c;
    std::vector<float> losses;
    for (float l : data | minibatch<size>(shuffle_by{9}) | cycle | c.count() | sgd(model, rule) | take(n)) losses.push_back(l);
    EXPECT_EQ(c.drawn, n);
    const auto expected = train_by_hand(data, n, 9);
    EXPECT_EQ(losses, expected.losses) << n;
    EXPECT_EQ(weights(model), expected.weights) << n;
  }
}

TEST(training, makes_as_many_steps_as_batches_are_taken_before) {
  const auto data = numbered(22);
  for (int n : {0, 1, 4, 7}) {
    auto model = make_model();
    counter c;
    int losses = 0;
    for (float l : data | minibatch<size>(shuffle_by{9}) | cycle | take(n) | c.count() | sgd(model, rule)) losses += l > 0;
    EXPECT_EQ(losses, n);
    EXPECT_EQ(c.drawn, n);
    EXPECT_EQ(weights(model), train_by_hand(data, n, 9).weights) << n;
  }
}

TEST(training, is_the_same_on_batches_made_ahead) {
  const auto data = numbered(22);
  const auto expected = train_by_hand(data, 13, 9);
  auto model = make_model();
  auto batches = data | minibatch<size>(shuffle_by{9}) | cycle | prefetch;
  EXPECT_EQ((batches | sgd(model, rule) | take(13) | ranges::to<std::vector<float>>()), expected.losses);
  EXPECT_EQ(weights(model), expected.weights);
}

TEST(training, is_one_epoch_of_a_finite_range) {
  const auto data = numbered(22);
  const auto expected = train_by_hand(data, 5, 2);
  auto model = make_model();
  std::vector<float> losses;
  for (float l : sgd(model, data | minibatch<size>(shuffle_by{2}), rule)) losses.push_back(l);
  EXPECT_EQ(losses, expected.losses);
  EXPECT_EQ(weights(model), expected.weights);
  auto piped = make_model();
  EXPECT_EQ((data | minibatch<size>(shuffle_by{2}) | sgd(piped, rule) | ranges::to<std::vector<float>>()), expected.losses);
  EXPECT_EQ(weights(piped), expected.weights);
}

TEST(training, goes_on_with_the_next_epoch_when_begun_again) {
  const auto data = numbered(22);
  const auto expected = train_by_hand(data, 10, 2);
  auto model = make_model();
  auto losses = data | minibatch<size>(shuffle_by{2}) | sgd(model, rule);
  std::vector<float> all;
  for (int epoch = 0; epoch < 2; ++epoch)
    for (float l : losses) all.push_back(l);
  EXPECT_EQ(all, expected.losses);
  EXPECT_EQ(weights(model), expected.weights);
}

TEST(training, makes_a_step_for_an_element_that_nobody_reads) {
  const auto data = numbered(22);
  const auto expected = train_by_hand(data, 6, 9);
  auto model = make_model();
  counter c;
  auto losses = data | minibatch<size>(shuffle_by{9}) | cycle | c.count() | sgd(model, rule);
  auto at = losses.begin();
  EXPECT_EQ(c.drawn, 0);  // nothing is done before it is asked for
  for (int i = 0; i < 5; ++i) ++at;
  EXPECT_EQ(c.drawn, 5);
  EXPECT_EQ(*at, expected.losses[5]);
  EXPECT_EQ(*at, expected.losses[5]);  // reading again is no step
  EXPECT_EQ(c.drawn, 6);
  EXPECT_EQ(weights(model), expected.weights);
}

TEST(training, skips_no_update_in_a_stride) {
  const auto data = numbered(22);
  const auto expected = train_by_hand(data, 10, 9);
  auto model = make_model();
  std::vector<float> every_third;
  for (float l : data | minibatch<size>(shuffle_by{9}) | cycle | sgd(model, rule) | take(10) | ranges::views::stride(3))
    every_third.push_back(l);
  ASSERT_EQ(every_third.size(), 4u);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(every_third[std::size_t(i)], expected.losses[std::size_t(3 * i)]);
  EXPECT_EQ(weights(model), expected.weights);
}

TEST(training, may_be_left_early) {
  const auto data = numbered(22);
  const auto expected = train_by_hand(data, 3, 9);
  auto model = make_model();
  int read = 0;
  for (float l : data | minibatch<size>(shuffle_by{9}) | cycle | sgd(model, rule)) {
    EXPECT_EQ(l, expected.losses[std::size_t(read)]);
    if (++read == 3) break;
  }
  EXPECT_EQ(weights(model), expected.weights);
}

TEST(training, yields_the_loss_before_each_update) {
  const auto data = numbered(8);
  auto model = make_model();
  auto losses = data | minibatch<size>(in_order{}) | cycle | sgd(model, rule);
  auto at = losses.begin();
  for (int s = 0; s < 5; ++s) {
    auto copy = model;
    step_type still(copy, {.lr = 0});
    std::vector<unorm8> x;
    for (int i = 0; i < size * features; ++i) x.push_back(unorm8(data.x[std::size_t(s % 2 * size * features + i)]));
    const float expected = still(view<unorm8, features, size>(x.data()), view<std::uint8_t, size>(data.y.data() + s % 2 * size));
    EXPECT_EQ(*at, expected) << s;
    ++at;
  }
}

TEST(training, is_single_pass) {
  using losses = decltype(std::declval<minibatch_view<features, size>&>() | sgd(std::declval<model_type&>(), rule));
  static_assert(ranges::input_range<losses>);
  static_assert(!ranges::forward_range<losses>);
  static_assert(std::is_same_v<ranges::range_value_t<losses>, float>);
}

TEST(training, uses_the_backend_that_is_named) {
  const auto data = numbered(22);
  const auto expected = train_by_hand(data, 5, 2);
  auto model = make_model();
  std::size_t s = 0;
  for (float l : data | minibatch<size>(shuffle_by{2}) | sgd<scalar_backend<float>>(model, rule)) {
    EXPECT_NEAR(l, expected.losses[s], 1e-5 * expected.losses[s]);
    ++s;
  }
  EXPECT_EQ(s, 5u);
}

// ---- cycle -----------------------------------------------------------------------------------------------

TEST(cycle, reshuffles_each_epoch) {
  const auto data = numbered(24);
  auto batches = data | minibatch<size>(shuffle_by{5}) | cycle;
  std::vector<std::vector<int>> epochs(4);
  int n = 0;
  for (auto const b : batches | take(24)) {
    for (int i = 0; i < size; ++i) epochs[std::size_t(n / 6)].push_back(int(b.x(0, i)));
    ++n;
  }
  EXPECT_EQ(n, 24);
  for (std::size_t e = 0; e < 4; ++e) {
    for (std::size_t f = 0; f < e; ++f) EXPECT_NE(epochs[e], epochs[f]);
    auto sorted = epochs[e];
    std::sort(sorted.begin(), sorted.end());
    for (int i = 0; i < 24; ++i) EXPECT_EQ(sorted[std::size_t(i)], i);
  }
}

TEST(cycle, begins_an_epoch_only_when_it_is_wanted) {
  const auto data = numbered(8);
  auto source = data | minibatch<size>(shuffle_by{5});
  for (auto const b : source | cycle | take(2)) (void)b;
  EXPECT_EQ(source.epoch(), 1u);
  for (auto const b : source | cycle | take(3)) (void)b;
  EXPECT_EQ(source.epoch(), 3u);
}

TEST(cycle, repeats_any_range) {
  const std::vector<int> v = {3, 1, 4};
  EXPECT_EQ((v | cycle | take(8) | ranges::to<std::vector<int>>()), (std::vector<int>{3, 1, 4, 3, 1, 4, 3, 1}));
  EXPECT_EQ((v | cycle | take(0) | ranges::to<std::vector<int>>()), (std::vector<int>{}));
}

TEST(cycle, of_nothing_says_so) {
  const std::vector<int> nothing;
  EXPECT_THROW((nothing | cycle | take(1) | ranges::to<std::vector<int>>()), std::length_error);
}

TEST(too_few_instances, are_refused_with_their_numbers) {
  const auto data = numbered(3);
  auto model = make_model();
  try {
    for (float l : data | minibatch<size>(shuffle_by{1}) | cycle | sgd(model, rule) | take(1)) (void)l;
    FAIL() << "nothing was thrown";
  } catch (data_error const& e) {
    EXPECT_NE(std::string(e.what()).find("3 instances"), std::string::npos);
    EXPECT_NE(std::string(e.what()).find("batch of 4"), std::string::npos);
  }
}

TEST(training, refuses_a_label_for_which_a_chain_has_no_score) {
  const instances<features> data(std::vector<std::uint8_t>(features * 3 * size),
                                 std::vector<std::uint8_t>{0, 1, 2, 0, 1, 2, 0, 3, 0, 0, 0, 0}, classes + 1);
  auto model = make_model();
  int steps = 0;
  try {
    for (float loss : data | minibatch<size>(in_order{}) | sgd(model)) static_cast<void>(loss), ++steps;
    FAIL() << "nothing was thrown";
  } catch (std::out_of_range const& e) {
    EXPECT_STREQ(e.what(),
                 "knit: an instance has the label 3, but the model gives scores for labels 0 .. 2; give it a row for each class");
  }
  EXPECT_EQ(steps, 1);
}

/// A step that is there already: what stands between a pipeline and a program of a GPU.
struct counted_step {
  using value_type = float;
  step_type& step;
  int calls = 0;
  float operator()(view<unorm8, features, size> const& x, view<std::uint8_t, size> const& y) {
    ++calls;
    return step(x, y);
  }
};
TEST(train, of_a_step_that_is_there) {
  const auto data = numbered(22);
  auto model = make_model(), other = make_model();
  step_type step(model, rule);
  counted_step counted{step};
  auto batches = data | minibatch<size>(shuffle_by{5});
  auto batches_again = data | minibatch<size>(shuffle_by{5});
  const auto losses = batches | cycle | train(counted) | take(12) | ranges::to<std::vector>();
  const auto same = batches_again | cycle | sgd(other, rule) | take(12) | ranges::to<std::vector>();
  EXPECT_EQ(losses, same);
  EXPECT_EQ(counted.calls, 12);
  EXPECT_EQ(weights(model), weights(other));
  EXPECT_EQ(batches | train(step) | run(), 5) << "a training_step is one";  // goes on where it was
  EXPECT_EQ(step.steps(), 17);
}

}  // namespace
