// SPDX-License-Identifier: BSL-1.0
// recompute.cpp -- in: plan/recompute.hpp. out: what is made again and what is stored, by size, price and readers; values as ever.

#include <knit/knit.hpp>

#include <knit/backend/cuda/host.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "../planned.hpp"

namespace {

using namespace knit;
using planned::of_array, planned::softmax_of_all, planned::standardised;

struct scaled_twice {  // what is read is an output's too
  template <class X, class W> constexpr auto operator()(X const& x, W const& w) const { return x % w / sum(x % w); }
};

template <class F, int N> using model_of = of_array<tensor<float, 1>, F>;
template <class F, int N, class Target = for_cores> using plan_for =
    compiled<detail::inference_spec<model_of<F, N>, view<float, N>>, Target>;

template <class P> int made_again() {
  int n = 0;
  for (int v = 0; v < P::nodes; ++v) n += P::plan.again[v];
  return n;
}
/// The longest array that is stored whole.
template <class P> long longest_stored() {
  long most = 0;
  for (int v = 0; v < P::nodes; ++v)
    if (P::plan.buffers[v].offset >= 0 && !P::plan.buffers[v].own) most = std::max(most, P::plan.buffers[v].floats);
  return most;
}

TEST(recompute, spares_what_lies_beyond_the_caches) {
  using large = plan_for<standardised, 300'000>;
  EXPECT_EQ(made_again<large>(), 2);  // the product and the difference
  EXPECT_LT(longest_stored<large>(), 100);
  using small = plan_for<standardised, 10'000>;
  EXPECT_EQ(made_again<small>(), 0);
  EXPECT_GE(longest_stored<small>(), 10'000);
}

TEST(recompute, weighs_what_the_ops_cost) {
  using in_third_cache = plan_for<softmax_of_all, 300'000>;  // an exponential is dearer than to fetch it
  EXPECT_EQ(made_again<in_third_cache>(), 0);
  using in_memory = plan_for<softmax_of_all, 6'000'000>;
  EXPECT_EQ(made_again<in_memory>(), 2);
  EXPECT_LT(longest_stored<in_memory>(), 100);
}

/// Everything that can be is made again.
template <class Target> struct never_storing : Target {
  static constexpr tuning tune = [] {
    tuning t = Target::tune;
    t.memory[0] = t.memory[1] = {0, 1e6, 0};
    return t;
  }();
};
using on_lanes = basic_simd_backend<never_storing<for_cores>>;
using on_blocks = basic_cuda_on_host<never_storing<cuda::for_blocks>, cuda::by_phases>;

template <class F, int N> std::vector<float> scores(auto backend) {
  const model_of<F, N> m{tensor<float, 1>{}, F{}};
  const_cast<model_of<F, N>&>(m).w.fill([](long) { return 0.75f; });
  std::vector<float> x(N), y(N);
  for (int i = 0; i < N; ++i) x[std::size_t(i)] = float(i * 48271l % 1000) / 1000;
  inference<decltype(backend), model_of<F, N>, view<float, N>> f(m);
  f(view<float, N>(x.data()), y.data());
  return y;
}

template <class F, int N> void same_numbers() {
  const auto expected = scores<F, N>(scalar_backend<float>{}), stored = scores<F, N>(simd_backend{}),
             again = scores<F, N>(on_lanes{});
  EXPECT_EQ(stored, again);  // the same operations on the same numbers
  EXPECT_EQ((scores<F, N>(cuda_on_host{})), (scores<F, N>(on_blocks{})));
  for (std::size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(again[i], expected[i], 2e-5f * (1 + std::abs(expected[i])));
}

TEST(recompute, changes_no_number) {
  EXPECT_GT((made_again<plan_for<standardised, 1000, never_storing<for_cores>>>()), 0);
  same_numbers<standardised, 1000>();
  same_numbers<softmax_of_all, 1000>();
  same_numbers<scaled_twice, 1000>();
}

/// Two layers, what is between them normalised over the instances of a batch, so what is normalised is read before the mean is
/// there, before the deviation is, and after both.
template <class W, class V> struct normalising {
  BOOST_HANA_DEFINE_STRUCT(normalising, (W, w), (V, v));
  template <class X, class Y> constexpr auto operator()(X&& x, Y&& y) const {
    const auto h = tanh(w * x);
    const auto c = h - mean<1>(h);
    return mse(v * (c / sqrt(mean<1>(square(c)) + 1e-3f)), y);
  }
};

template <class Backend> std::vector<double> losses() {
  constexpr int batch = 40;
  using X = tensor<float, 6, batch>;
  using Y = tensor<float, 3, batch>;
  auto draw = [](auto& a, float size) { a.fill([&](long i) { return size * float(i * 48271l % 1009 - 504) / 504; }); };
  normalising<tensor<float, 20, 6>, tensor<float, 3, 20>> m{};
  X x;
  Y y;
  draw(m.w, 0.5f), draw(m.v, 0.3f), draw(x, 1), draw(y, 1);
  training_step<Backend, decltype(m), momentum_rule, X, Y> step{m, {.lr = 0.05f}};
  std::vector<double> l;
  for (int i = 0; i < 20; ++i) l.push_back(double(step(x, y)));
  return l;
}

TEST(recompute, trains_as_ever) {
  using m = normalising<tensor<float, 20, 6>, tensor<float, 3, 20>>;
  using step = training_step<on_lanes, m, momentum_rule, tensor<float, 6, 40>, tensor<float, 3, 40>>;
  EXPECT_GT(made_again<step::program::compiled_type>(), 0);
  const auto expected = losses<scalar_backend<double>>(), stored = losses<simd_backend>(), again = losses<on_lanes>(),
             again_on_blocks = losses<on_blocks>();
  EXPECT_LT(expected.back(), expected.front());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(stored[i], expected[i], 1e-5) << i;
    EXPECT_NEAR(again[i], expected[i], 1e-5) << i;
    EXPECT_NEAR(again_on_blocks[i], expected[i], 1e-5) << i;
  }
}

/// A state's next value is made of what would have to be made again from the old one, which lies where the next is written.
template <class W> struct centred {
  BOOST_HANA_DEFINE_STRUCT(centred, (W, w));
  template <class X> constexpr auto operator()(X&& x) const {
    const auto c = w - mean(w);
    return sum(square(c / sqrt(mean(square(c))) - x));
  }
};

TEST(recompute, keeps_from_the_old_values_of_states) {
  constexpr int n = 400'000;
  using model = centred<tensor<float, n>>;
  using X = view<float, n>;
  using P = plan_of<training_step<simd_backend, model, sgd_rule, X>>::compiled_type;
  for (int v = 0; v < P::nodes; ++v)
    for (int k = 0; k < P::graph.arity(v) && P::plan.again[v]; ++k)
      EXPECT_FALSE(P::graph.is_leaf(P::graph.operand(v, k)) && field(P::graph.at[P::graph.operand(v, k)], 0) == 0) << v;
}

}  // namespace
