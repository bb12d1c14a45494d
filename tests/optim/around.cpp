// SPDX-License-Identifier: BSL-1.0
// around.cpp -- in: rules around rules, schedules. out: the losses of 100 steps are those of tests/data/trajectories.py: PyTorch's
// where it has them.

#include "trajectories.hpp"

#include <array>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>

namespace {

using namespace trajectories;

TEST(rules_around_rules, weight_decay) { follows_in_double("decay", weight_decay(sgd_rule{.lr = 0.1}, 0.01)); }
TEST(rules_around_rules, clip_each) { follows_in_double("clip_each", clip_each(momentum_rule{.lr = 0.05, .gamma = 0.9}, 0.2)); }
// Clipped before the decay is added, as what is around sees the gradient first.
TEST(rules_around_rules, clip_all) { follows_in_double("clip_all", clip_all(weight_decay(sgd_rule{.lr = 0.1}, 0.01), 0.5)); }

template <class W, class Drawn> struct masked {
  BOOST_HANA_DEFINE_STRUCT(masked, (W, w), (Drawn, drawn));
  constexpr auto operator()(auto const& x) const { return sum(drawn(w % x)); }
};
template <class W, class Drawn> masked(W, Drawn) -> masked<W, Drawn>;
TEST(rules_around_rules, clip_all_by_the_norm_of_the_gradients_that_a_random_loss_has_in_this_step) {
  masked model{tensor<float, 16>(1.0f), dropout{0.5_c}};
  tensor<float, 16> x;
  x.fill([](long i) { return float(i + 1); });
  auto rule = clip_all(sgd_rule{.lr = 1}, 1);
  training_step<simd_backend, decltype(model), decltype(rule), tensor<float, 16>> step(model, rule);
  for (int n = 0; n < 6; ++n) {
    const tensor<float, 16> before = model.w;
    step(x);
    double squared = 0;
    for (int i = 0; i < 16; ++i) squared += std::pow(double(model.w[i]) - before[i], 2);
    EXPECT_NEAR(squared, 1, 1e-5) << n;
  }
}

TEST(schedules, are_PyTorchs) {
  using factor = std::function<double(long)>;
  follows_in_double("cosine", scheduled(sgd_rule{.lr = 0.1}, factor(cosine{100, 0.2})));
  follows_in_double("step_decay", scheduled(sgd_rule{.lr = 0.1}, factor(step_decay{30, 0.5})));
}
TEST(schedules, reach_every_number_that_the_rate_is_in) {
  const auto half = [](long n) { return warm_up{4}(n)*step_decay{4}(n); };
  const adamw_rule slow{.lr = 0.005};
  EXPECT_EQ(scheduled(adamw_rule{.lr = 0.01}, half).hyper(2), slow.hyper(2));
  EXPECT_EQ(scheduled(lion_rule{.lr = 0.01, .decay = 1}, half).hyper(2), (lion_rule{.lr = 0.005, .decay = 1}.hyper(2)));
  EXPECT_EQ(clip_each(scheduled(sgd_rule{.lr = 1}, half), 3).hyper(1), (std::array{0.25, 3.0}));
  EXPECT_EQ(warm_up{4}(1), 0.25);
  EXPECT_EQ(warm_up{4}(4), 1);
  EXPECT_EQ(warm_up{4}(5), 1);
  EXPECT_EQ(step_decay{4}(4), 1);
  EXPECT_EQ(step_decay{4}(5), 0.1);
  EXPECT_EQ(cosine{10}(1), 1);
  EXPECT_NEAR(cosine{10}(6), 0.5, 1e-15);
  EXPECT_EQ((cosine{10, 0.125}(1000)), 0.125);
}

/// What a rule says of its numbers at the first step; "" if they will do.
std::string said(auto const& rule) {
  try {
    (void)rule.hyper(1);
    return "";
  } catch (std::invalid_argument const& e) {
    return e.what();
  }
}
constexpr double infinite = std::numeric_limits<double>::infinity(), none = std::numeric_limits<double>::quiet_NaN();

// A norm of 0 would be 0 / 0 where a gradient is, one below 0 would climb, one that float has as infinity is infinity / infinity.
TEST(rules_around_rules, refuse_numbers_that_mean_nothing) {
  EXPECT_EQ(said(clip_each(sgd_rule{}, 0)), "knit: the norm of clip_each is a number from 1.2e-38 to 3.4e38, not 0");
  for (double most : {-1.0, 0.0, infinite, 1e39, 1e-39, none}) {
    EXPECT_NE(said(clip_each(sgd_rule{}, most)), "") << most;
    EXPECT_NE(said(clip_all(weight_decay(adam_rule{}, 0), most)), "") << most;
  }
  EXPECT_EQ(said(weight_decay(sgd_rule{}, -1e-4)), "knit: the share of weight_decay is a number from 0 to 3.4e38, not -0.0001");
  EXPECT_NE(said(l1_penalty(sgd_rule{}, none)), "");
  EXPECT_NE(said(clip_all(by_parameter(matrices, sgd_rule{}, adam_rule{.beta1 = 1}), 1)), "");  // those within, too
  EXPECT_EQ(said(clip_all(by_parameter(matrices, weight_decay(sgd_rule{.lr = 0}, 0), adam_rule{}), 1e-30)), "");
}
TEST(schedules, refuse_numbers_that_mean_nothing) {
  EXPECT_EQ(said(scheduled(sgd_rule{}, step_decay{0})), "knit: step_decay takes a number of steps from 1 on, not 0");
  EXPECT_EQ(said(scheduled(sgd_rule{}, cosine{0})), "knit: cosine takes a number of steps from 1 on, not 0");
  EXPECT_EQ(said(scheduled(sgd_rule{}, warm_up{-3})), "knit: warm_up takes a number of steps from 1 on, not -3");
  EXPECT_EQ(said(scheduled(adam_rule{}, [](long) { return -1.0; })),
            "knit: what a schedule multiplies a rate by is a number from 0 to 3.4e38, not -1");
  EXPECT_NE(said(scheduled(adam_rule{}, cosine{10, none})), "");
  EXPECT_EQ(said(scheduled(adam_rule{}, cosine{1})), "");
}

}  // namespace
