// SPDX-License-Identifier: BSL-1.0
// around.cpp -- in: rules around rules, schedules. out: the losses of 100 steps are those of tests/data/trajectories.py: PyTorch's
// where it has them.

#include "trajectories.hpp"

#include <array>
#include <functional>

namespace {

using namespace trajectories;

TEST(rules_around_rules, weight_decay) { follows_in_double("decay", weight_decay(sgd_rule{.lr = 0.1}, 0.01)); }
TEST(rules_around_rules, clip_each) { follows_in_double("clip_each", clip_each(momentum_rule{.lr = 0.05, .gamma = 0.9}, 0.2)); }
// Clipped before the decay is added, as what is around sees the gradient first.
TEST(rules_around_rules, clip_all) { follows_in_double("clip_all", clip_all(weight_decay(sgd_rule{.lr = 0.1}, 0.01), 0.5)); }

TEST(schedules, are_PyTorchs) {
  using factor = std::function<double(long)>;
  follows_in_double("cosine", scheduled(sgd_rule{.lr = 0.1}, factor(cosine{100, 0.2})));
  follows_in_double("step_decay", scheduled(sgd_rule{.lr = 0.1}, factor(step_decay{30, 0.5})));
}
TEST(schedules, reach_every_number_that_the_rate_is_in) {
  const auto half = [](long n) { return warm_up{4}(n) * step_decay{4}(n); };
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

}  // namespace
