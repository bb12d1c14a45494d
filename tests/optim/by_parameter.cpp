// SPDX-License-Identifier: BSL-1.0
// by_parameter.cpp -- in: two rules and a choice. out: the losses of PyTorch's parameter groups, and of two optimisers side by
// side, of tests/data/trajectories.py; paths that the compiler knows are those of a walk.

#include "trajectories.hpp"

#include <array>

namespace {

using namespace trajectories;

TEST(by_parameter, decays_matrices_alone) {
  const adamw_rule decaying{.lr = 0.01, .decay = 0.1}, other{.lr = 0.01, .decay = 0};
  follows_in_double("groups", by_parameter(matrices, decaying, other));
}
// Rules with different numbers of states, choices by path within one another, a schedule and clipping around.
TEST(by_parameter, mixes_rules) {
  const auto out = [](parameter_info p) { return p.path.starts_with("net.layers.1."); };
  const auto biases = [](parameter_info p) { return p.path == "net.layers.0.b"; };
  const auto half = [](long) { return 0.5; };
  const sgd_rule slow{.lr = 0.1};
  const auto rule = by_parameter(out, slow, by_parameter(biases, slow, adam_rule{.lr = 0.02}));
  follows_in_double("one_by_adam", clip_all(scheduled(rule, half), 1e6));
}
TEST(by_parameter, has_the_numbers_of_both) {
  const auto rule = by_parameter(matrices, weight_decay(sgd_rule{.lr = 1}, 0.5), sgd_rule{.lr = 2});
  EXPECT_EQ(rule.hyper(1), (std::array{1.0, 0.5, 2.0}));
  EXPECT_EQ(scheduled(rule, [](long n) { return 1.0 / double(n); }).hyper(4), (std::array{0.25, 0.5, 0.5}));
}

template <class Layers, class W> struct nested {
  BOOST_HANA_DEFINE_STRUCT(nested, (Layers, blocks), (W, scale));
};
TEST(parameter_of, has_the_path_of_the_walk) {
  auto inner = make_chain(make_dense<2, 3>(relu), make_dense<3, 2>());
  nested<hana::tuple<decltype(inner), tensor<float, 2>>, tensor<float>> model{};
  using M = decltype(model);
  std::vector<std::string> walked, known;
  for_each_parameter(model, [&](std::string const& path, auto const&) { walked.push_back(path); });
  [&]<int... K>(std::integer_sequence<int, K...>) {
    (known.push_back(parameter_of<M, K>::path.text), ...);
  }(std::make_integer_sequence<int, parameter_count<M>>{});
  EXPECT_EQ(known, walked);
  EXPECT_EQ(known[2], "blocks.0.layers.1.w");
  EXPECT_EQ(known.size(), 6u);
}

}  // namespace
