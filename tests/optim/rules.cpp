// SPDX-License-Identifier: BSL-1.0
// rules.cpp -- in: optim/*.hpp. out: the losses of 100 steps are those of tests/data/trajectories.py:
// PyTorch's where it has the rule.

#include "trajectories.hpp"

#include <cstdint>
#include <limits>
#include <stdexcept>

namespace {

using namespace trajectories;

TEST(rules, nesterov) { follows_in_double("nesterov", nesterov_rule{.lr = 0.05, .gamma = 0.9}); }
TEST(rules, adagrad) {
  follows_in_double("adagrad", adagrad_rule{.lr = 0.1, .eps = 0, .eps_outside = 1e-3});
  follows_in_double("knet_adagrad", adagrad_rule{.lr = 0.1, .eps = 1e-3});
}
TEST(rules, rmsprop) {
  follows_in_double("rmsprop", rmsprop_rule{.lr = 0.01, .rho = 0.9, .eps = 0, .eps_outside = 1e-3});
  follows_in_double("knet_rmsprop", rmsprop_rule{.lr = 0.01, .rho = 0.9, .eps = 1e-3});
}
TEST(rules, adadelta) { follows_in_double("adadelta", adadelta_rule{.lr = 0.5, .rho = 0.9, .eps = 1e-4}); }
TEST(rules, adamw) { follows_in_double("adamw", adamw_rule{.lr = 0.01, .decay = 0.1}); }
TEST(rules, lion) { follows_in_double("lion", lion_rule{.lr = 0.01, .decay = 0.1}); }

template <class... Rule> void are_refused(Rule const&... rule) {
  int k = 0;
  const auto is_refused = [&](auto const& one) {
    ++k;
    EXPECT_THROW((void)one.hyper(1), std::invalid_argument) << "number " << k;
  };
  (is_refused(rule), ...);
}
TEST(rules, refuse_numbers_that_mean_nothing) {
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  are_refused(sgd_rule{.lr = -1}, momentum_rule{.lr = -1}, nesterov_rule{.lr = -1}, adagrad_rule{.lr = -1}, rmsprop_rule{.lr = -1},
              adadelta_rule{.lr = -1}, adam_rule{.lr = -1}, adamw_rule{.lr = -1}, lion_rule{.lr = -1});
  are_refused(sgd_rule{.lr = none}, adam_rule{.lr = 1e39}, adamw_rule{.decay = -1}, lion_rule{.decay = none});
  are_refused(momentum_rule{.gamma = 1}, nesterov_rule{.gamma = -0.1}, rmsprop_rule{.rho = 1}, adadelta_rule{.rho = 1},
              adam_rule{.beta1 = 1}, adam_rule{.beta2 = 1}, adamw_rule{.beta1 = 1}, lion_rule{.beta1 = 1},
              lion_rule{.beta2 = none});
  // 0 / 0 where a gradient is 0.
  are_refused(adam_rule{.eps = 0}, adadelta_rule{.eps = 0}, adagrad_rule{.eps = 0}, rmsprop_rule{.eps = 0},
              adagrad_rule{.eps = -1, .eps_outside = 2});
  try {
    (void)adam_rule{.beta1 = 1}.hyper(1);
  } catch (std::invalid_argument const& e) {
    EXPECT_STREQ(e.what(), "knit: beta1 of adam is a number from 0 to below 1, not 1");
  }
}
// They may change between steps, so each step asks.
TEST(rules, refuse_numbers_that_become_nothing) {
  const tensor<float, 2, 3> x(1.0f);
  const tensor<std::uint8_t, 3> y;
  auto model = make_chain(make_dense<2, 2>());
  training_step<scalar_backend<float>, decltype(model), sgd_rule, tensor<float, 2, 3>, tensor<std::uint8_t, 3>> step(model,
                                                                                                                     {.lr = 0.5});
  EXPECT_GT(step(x, y), 0);
  const tensor w = hana::at_c<0>(model.layers).w;
  step.rule.lr = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(step(x, y), std::invalid_argument);
  for (long i = 0; i < w.size(); ++i) EXPECT_EQ(hana::at_c<0>(model.layers).w[i], w[i]);
}

}  // namespace
