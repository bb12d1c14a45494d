// SPDX-License-Identifier: BSL-1.0
// cuda_trajectories.cpp -- in: MNIST, update rules. out: on the CUDA backend's blocks the losses of the simd backend, SGD's and
// Adam's, and PyTorch's; tied weights and momentum as the scalar backend has them.

#include <knit/backend/cuda/host.hpp>
#include <knit/knit.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <string>
#include <vector>

namespace {

using namespace knit;

template <class T> T unit(long i) { return T(double(philox(11, 0, std::uint64_t(i))[0]) * 0x1p-31 - 1); }
template <class T, long... N> tensor<T, N...> filled(long first, double by) {
  tensor<T, N...> t;
  t.fill([=](long i) { return T(by) * unit<T>(first + i); });
  return t;
}

// ---- a weight that is there twice ------------------------------------------------------------------------

template <class W, class B, class V> struct tied {
  BOOST_HANA_DEFINE_STRUCT(tied, (W, w), (B, b), (V, v));
  template <class X, class Y> constexpr auto operator()(X const& x, Y const& y) const {
    auto h = tanh(w * tanh(w * x + b) + v);
    return mse(transpose(w) * h, y);
  }
};
template <class W, class B, class V> tied(W, B, V) -> tied<W, B, V>;

template <class T, class Backend, class Rule> std::vector<double> losses(Rule rule) {
  tied model{filled<T, 12, 12>(0, 0.4), filled<T, 12>(1000, 0.1), tensor<T, 12>()};
  const auto x = filled<T, 12, 21>(2000, 1);
  const auto y = filled<T, 12, 21>(3000, 1);
  training_step<Backend, decltype(model), Rule, tensor<T, 12, 21>, tensor<T, 12, 21>> step(model, rule);
  std::vector<double> all;
  for (int s = 0; s < 30; ++s) all.push_back(step(x, y));
  return all;
}
template <class Rule> void agrees(Rule rule) {
  const auto right = losses<double, scalar_backend<double>>(rule), in_double = losses<double, cuda_on_host>(rule);
  const auto in_float = losses<float, cuda_on_host>(rule);
  for (std::size_t s = 0; s < right.size(); ++s) {
    EXPECT_NEAR(in_double[s], right[s], 1e-11 * right[s]) << "in double, step " << s;
    EXPECT_NEAR(in_float[s], right[s], 1e-4 * right[s]) << "in float, step " << s;
  }
  EXPECT_LT(right.back(), 0.9 * right[0]);
}
TEST(tied_weights_on_blocks, sgd) { agrees(sgd_rule{.lr = 0.3}); }
TEST(tied_weights_on_blocks, momentum) { agrees(momentum_rule{.lr = 0.1, .gamma = 0.9}); }
TEST(tied_weights_on_blocks, adam) { agrees(adam_rule{.lr = 0.02, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8}); }
// The norm of all gradients is a sum over all blocks that the next kernel reads.
TEST(tied_weights_on_blocks, clipped_adamw) { agrees(clip_all(adamw_rule{.lr = 0.02}, 0.5)); }

}  // namespace
