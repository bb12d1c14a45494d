// SPDX-License-Identifier: BSL-1.0
// rules.cpp -- in: optim/*.hpp. out: the losses of 100 steps are those of tests/data/trajectories.py:
// PyTorch's where it has the rule.

#include "trajectories.hpp"

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

}  // namespace
