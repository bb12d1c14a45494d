// SPDX-License-Identifier: BSL-1.0
// lanes.cpp -- in: plan/lanes.hpp. out: instances in lanes where layers are narrow, rows elsewhere; numbers as ever, of any batch.

#include <knit/knit.hpp>

#include <gtest/gtest.h>

#include <vector>

#include "../planned.hpp"

namespace {

using namespace knit;

template <int In, int Hidden, int Out> auto make_network() {
  return make_regression(make_chain(make_dense<In, Hidden>(tanh_), make_dense<Hidden, Hidden>(tanh_), make_dense<Hidden, Out>()));
}
template <class Backend, int In, int Hidden, int Out, long N> using step_of =
    training_step<Backend, decltype(make_network<In, Hidden, Out>()), momentum_rule, view<float, In, N>, view<float, Out, N>>;

template <class Step> int turned() { return planned::turned<typename Step::program::compiled_type>(); }

TEST(lanes, are_instances_where_layers_are_narrow) {
  EXPECT_GT((turned<step_of<simd_backend, 4, 8, 2, 1000>>()), 0);
  EXPECT_EQ((turned<step_of<simd_backend, 64, 64, 64, 100>>()), 0);  // full of rows
  EXPECT_EQ((turned<step_of<simd_backend, 4, 8, 2, 3>>()), 0);       // few instances
}

TEST(lanes, are_rows_of_states) {
  using P = step_of<simd_backend, 4, 8, 2, 1000>::program::compiled_type;
  for (int r = 0; r < P::roots; ++r) {
    const int v = P::graph.roots[r].node;
    if (P::graph.roots[r].state >= 0 && P::plan.roles[v] == role::computed) {
      EXPECT_EQ(P::plan.lane[v], lane_axis_of(space_of(P::graph, v)));
    }
  }
}

TEST(lanes, leave_sums_of_instances_in_their_region) {
  using P = step_of<simd_backend, 4, 8, 2, 1000>::program::compiled_type;
  int sums = 0;  // of products, over the instances
  for (int v = 0; v < P::nodes; ++v)
    sums += P::plan.roles[v] == role::computed && P::graph.info(v).what == kind::contract && P::plan.slab_axis[v] == partial_axis;
  EXPECT_EQ(sums, 3);
  EXPECT_EQ(P::plan.kernels, 2);
}

/// Losses of training steps on batches of these sizes.
template <class Backend, int In, int Hidden, int Out, long N> std::vector<double> losses(std::vector<int> const& sizes) {
  auto net = make_network<In, Hidden, Out>();
  step_of<Backend, In, Hidden, Out, N> step{net, {.lr = 0.05f}};
  constexpr int most = extents<N>::value.extent[0];
  std::vector<float> x(std::size_t(In * most)), y(std::size_t(Out * most));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = float(i * 48271 % 1009) / 504 - 1;
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = float(i * 16807 % 1013) / 506 - 1;
  std::vector<double> l;
  for (int n : sizes) {
    if constexpr (N < 0) l.push_back(double(step(view<float, In, N>(x.data(), n), view<float, Out, N>(y.data(), n))));
    else l.push_back(double(step(view<float, In, N>(x.data()), view<float, Out, N>(y.data()))));
  }
  return l;
}

template <int In, int Hidden, int Out, long N> void trains_as_ever(std::vector<int> const& sizes) {
  EXPECT_GT((turned<step_of<simd_backend, In, Hidden, Out, N>>()), 0);
  const auto expected = losses<scalar_backend<double>, In, Hidden, Out, N>(sizes);
  for (int threads : {1, 2, 3}) {
    thread_count() = threads;
    const auto found = losses<simd_backend, In, Hidden, Out, N>(sizes);
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(found[i], expected[i], 2e-5) << i;
  }
  thread_count() = 0;
}

TEST(lanes, train_as_ever) {
  trains_as_ever<4, 8, 2, 1000>({1000, 1000, 1000, 1000});
  trains_as_ever<7, 5, 1, 333>({333, 333, 333, 333});   // nothing is a multiple of anything
  trains_as_ever<3, 6, 3, 40>({40, 40, 40, 40});  // one slab
}

TEST(lanes, train_on_batches_of_any_size) { trains_as_ever<4, 6, 2, dyn<"batch", 700>>({700, 333, 700, 16, 1, 65}); }

}  // namespace
