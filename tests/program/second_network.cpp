// SPDX-License-Identifier: BSL-1.0
// second_network.cpp -- in: a user's own op, layer and shapes. out: what MNIST's network gets, for another: fusion,
// the same numbers on each backend and any number of threads.

#include "second_network.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <span>
#include <string>
#include <vector>

namespace {

using namespace second_network;

constexpr int steps = 5;
using compiled_step = compiled<detail::training_spec<network, sgd_rule, X, Y>>;

struct outcome {
  std::vector<float> losses;
  std::vector<std::vector<float>> parameters;  ///< as they are seen, first index fastest
  std::vector<std::string> storage;            ///< as they lie in memory
};
template <class Backend> outcome train(int threads) {
  thread_count() = threads;
  auto net = make_network();
  training_step<Backend, network, sgd_rule, X, Y> step(net, {rate});
  outcome o;
  for (int s = 0; s < steps; ++s) o.losses.push_back(step(instances_of(s), labels_of(s)));
  for_each_parameter(net, [&](std::string const&, auto const& a) {
    std::vector<float> values;
    for (long i = 0; i < a.size(); ++i) values.push_back(a[i]);
    o.parameters.push_back(values);
    o.storage.emplace_back(reinterpret_cast<char const*>(a.data()), a.storage * sizeof(float));
  });
  thread_count() = 0;
  return o;
}

TEST(second_network, is_the_same_on_both_backends) {
  const outcome expected = train<scalar_backend<float>>(1);
  ASSERT_EQ(expected.parameters.size(), 9u);
  for (int threads : {1, 2, 3}) {
    const outcome got = train<simd_backend>(threads);
    for (int s = 0; s < steps; ++s)
      EXPECT_NEAR(got.losses[std::size_t(s)], expected.losses[std::size_t(s)], 1e-4 * expected.losses[std::size_t(s)])
          << "step " << s << ", " << threads << " threads";
    for (std::size_t p = 0; p < got.parameters.size(); ++p) {
      double worst = 0, largest = 0;
      for (std::size_t i = 0; i < got.parameters[p].size(); ++i) {
        worst = std::max(worst, double(std::abs(got.parameters[p][i] - expected.parameters[p][i])));
        largest = std::max(largest, double(std::abs(expected.parameters[p][i])));
      }
      EXPECT_LE(worst, 1e-4 * largest) << "parameter " << p << ", " << threads << " threads";
    }
  }
}

TEST(second_network, learns) {
  auto net = make_network();
  const auto before = net;
  training_step<simd_backend, network, sgd_rule, X, Y> step(net, {rate});
  const X x = instances_of(0);
  const Y y = labels_of(0);
  const float first = step(x, y);
  float last = first;
  for (int s = 0; s < 30; ++s) last = step(x, y);
  EXPECT_NEAR(first, std::log(double(classes)), 0.5);
  EXPECT_LT(last, first / 3);
  EXPECT_NE(net.w[5], before.w[5]);
  EXPECT_NE(net.first.w[5], before.first.w[5]);
}

TEST(second_network, is_the_same_to_the_bit_for_any_number_of_threads) {
  const outcome one = train<simd_backend>(1);
  for (int threads : {2, 3, 4}) {
    const outcome more = train<simd_backend>(threads);
    EXPECT_EQ(std::memcmp(more.losses.data(), one.losses.data(), steps * sizeof(float)), 0) << threads << " threads";
    for (std::size_t p = 0; p < one.storage.size(); ++p)
      EXPECT_EQ(more.storage[p], one.storage[p]) << "parameter " << p << ", " << threads << " threads";
  }
}

/// The tied weight's derivative by difference quotients of the loss in double, against the step that is taken.
TEST(second_network, moves_down_the_slope) {
  auto net = make_network();
  const auto before = net;
  const X x = instances_of(0);
  const Y y = labels_of(0);
  training_step<simd_backend, network, sgd_rule, X, Y> step(net, {rate});
  step(x, y);
  auto loss = [&](network& n) {
    typename scalar_backend<double>::program<detail::inference_spec<network, X, Y>> p;
    std::vector<void const*> leaves;
    std::apply([&](auto*... a) { (leaves.push_back(a->data()), ...); }, parameters_of(n));
    leaves.push_back(x.data());
    leaves.push_back(y.data());
    double value = 0;
    void* out[] = {&value};
    p.run(leaves.data(), out);
    return value;
  };
  for (long i : {0l, 77l, 64l * 31 + 5, 64l * 64 - 1}) {
    auto up = before, down = before;
    const float h = 0.01f;
    up.w[i] += h, down.w[i] -= h;
    const double slope = (loss(up) - loss(down)) / (double(up.w[i]) - double(down.w[i]));
    EXPECT_NEAR(double(before.w[i]) - double(net.w[i]), double(rate) * slope, 1e-3 * std::abs(rate * slope) + 2e-7) << i;
  }
}

// ---- the plan ------------------------------------------------------------------------------------------

struct found {
  int contractions = 0;
  long bytes = 0;
};
/// The contractions of a state's shape that its next value depends on: its gradient's terms.
found gradient_of(int state) {
  using P = compiled_step;
  std::vector<bool> behind(std::size_t(P::nodes), false);
  for (root const& r : std::span(P::graph.roots, std::size_t(P::roots)))
    if (r.state == state) behind[std::size_t(r.node)] = true;
  found f;
  for (int i = P::nodes - 1; i >= 0; --i) {
    if (!behind[std::size_t(i)]) continue;
    for (int k = 0; k < P::graph.arity(i); ++k) behind[std::size_t(P::graph.operand(i, k))] = true;
    if (!P::graph.is_op(i) || P::graph.info(i).what != kind::contract ||
        !same_extents(P::graph.extents[i], P::graph.leaves[state].extents))
      continue;
    ++f.contractions;
    if (P::plan.buffers[i].offset >= 0) f.bytes += 4 * P::plan.buffers[i].floats * P::plan.buffers[i].parts;
  }
  return f;
}

TEST(second_network, stores_no_gradient_but_the_tied_one) {
  // Parameters in order: first.w, first.b, second.w, second.b, w, b, c, last.w, last.b.
  for (int untied : {0, 2, 7}) {
    EXPECT_EQ(gradient_of(untied).contractions, 1) << untied;
    EXPECT_EQ(gradient_of(untied).bytes, 0) << untied;
  }
  EXPECT_EQ(gradient_of(4).contractions, 2);
  EXPECT_GT(gradient_of(4).bytes, 0);
}

TEST(second_network, reads_the_tied_weight_twice_and_holds_it_once) {
  using P = compiled_step;
  EXPECT_EQ(parameter_count<network>, 9);
  EXPECT_EQ(P::graph.leaf_count, 9 + 2 + 1);
  int leaf = -1, reads = 0;
  for (int i = 0; i < P::nodes; ++i)
    if (P::graph.is_leaf(i) && field(P::graph.at[i], 0) == 4) leaf = i;
  for (int i = 0; i < P::nodes; ++i)
    for (int k = 0; k < P::graph.arity(i); ++k) reads += P::graph.operand(i, k) == leaf;
  EXPECT_EQ(reads, 2 + 2 + 1);  // forward, backward, update
}

TEST(second_network, explains_itself) {
  const std::string s = explain(compiled_step::graph, compiled_step::plan);
  EXPECT_NE(s.find("leaf4 (64x64) float, in panels"), s.npos);
  EXPECT_NE(s.find("softsign("), s.npos);
  // One of the tied weight's two products is stored, with its bytes; the first weight's is not.
  auto line_with = [&](std::string const& part, bool stored) {
    for (std::size_t at = 0; at < s.size();) {
      const std::size_t end = s.find('\n', at);
      const std::string line = s.substr(at, end - at);
      if (line.find(part) != line.npos && line.find(" * ") != line.npos && (line.find(" bytes") != line.npos) == stored)
        return true;
      at = end + 1;
    }
    return false;
  };
  EXPECT_TRUE(line_with("(64x64) = ", true)) << s;
  EXPECT_TRUE(line_with("(300x500) = ", false)) << s;
  EXPECT_FALSE(line_with("(300x500) = ", true)) << s;
}

}  // namespace
