// SPDX-License-Identifier: BSL-1.0
// trajectories.cpp -- in: optim/*.hpp. out: the losses of 100 steps are PyTorch's: see tests/data/trajectories.py.

#include "trajectories.hpp"

namespace {

using namespace trajectories;

template <class Rule> void follows(std::string const& name, Rule rule) {
  const auto& expected = stored().at(name);
  ASSERT_EQ(expected.size(), 100u);
  const auto in_double = losses<double, scalar_backend<double>>(rule);
  const auto on_lanes_of_double = losses<double, simd_backend>(rule);
  const auto on_lanes = losses<float, simd_backend>(rule);
  const auto in_float = losses<float, scalar_backend<float>>(rule);
  for (std::size_t s = 0; s < 100; ++s) {
    EXPECT_NEAR(in_double[s], expected[s], 1e-10 * expected[s]) << "in double, step " << s;
    EXPECT_NEAR(on_lanes_of_double[s], expected[s], 1e-10 * expected[s]) << "on lanes of double, step " << s;
    EXPECT_NEAR(on_lanes[s], expected[s], 1e-4 * expected[s]) << "on lanes, step " << s;
    EXPECT_NEAR(in_float[s], expected[s], 1e-4 * expected[s]) << "in float, step " << s;
  }
  EXPECT_LT(expected[99], expected[0] / 2);  // else the 100 steps would say little
}

TEST(trajectories, sgd) { follows("sgd", sgd_rule{.lr = 0.1}); }
TEST(trajectories, momentum) { follows("momentum", momentum_rule{.lr = 0.05, .gamma = 0.95}); }
TEST(trajectories, adam) { follows("adam", adam_rule{.lr = 0.01, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8}); }

}  // namespace
