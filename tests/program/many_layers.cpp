// SPDX-License-Identifier: BSL-1.0
// many_layers.cpp -- compilers nest some 900 templates and evaluate so much of a constant: networks of many layers, under rules that
// see all gradients.
#include <gtest/gtest.h>

#include <knit/backend/scalar.hpp>
#include <knit/knit.hpp>

namespace {

using namespace knit;

template <int... I> auto make_layers(std::integer_sequence<int, I...>) {
  return make_chain(make_dense<12, 12>(tanh_, xavier_uniform{I + 1})..., make_dense<12, 4>());
}

TEST(a_network_of_twenty_layers, compiles_and_learns_as_on_the_scalar_backend) {
  auto model = make_layers(std::make_integer_sequence<int, 19>{}), check = model;
  auto rule = clip_all(adam_rule{.lr = 0.01}, 0.1);
  tensor<float, 12, 8> x;
  x.fill([](long i) { return float(i % 7) / 7; });
  tensor<std::uint8_t, 8> y{0, 1, 2, 3, 0, 1, 2, 3};
  training_step<simd_backend, decltype(model), decltype(rule), tensor<float, 12, 8>, tensor<std::uint8_t, 8>> step(model, rule);
  training_step<scalar_backend<float>, decltype(check), decltype(rule), tensor<float, 12, 8>, tensor<std::uint8_t, 8>> oracle(check,
                                                                                                                              rule);
  for (int n = 0; n < 5; ++n) EXPECT_NEAR(step(x, y), oracle(x, y), 1e-4) << n;
}

}  // namespace
