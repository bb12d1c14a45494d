// SPDX-License-Identifier: BSL-1.0
// plan.cpp -- in: plan/*.hpp. out: views resolved, memory packed, what is fused and stored, states written when they may be.

#include <knit/knit.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace {

using namespace knit;

/// Leaves 0, 1, ... are parameters like Arrays; results are a list of result.
template <class Results, class... Arrays> struct spec {
  using argument_tag = void;
  static constexpr int first_argument = 0, argument_count = 0, capacity = 1024;
  static constexpr std::array<leaf_info, sizeof...(Arrays)> leaves{
      leaf_info{element_of<typename Arrays::value_type>(), Arrays::layout, Arrays::shape}...};
  using results = Results;
};
template <class E> using output = result<typename E::graph>;
template <class E, int Leaf> using next = result<typename E::graph, Leaf>;
template <class E, class... Arrays> using output_of = spec<mp::mp_list<output<E>>, Arrays...>;

/// F of expressions, as one node: the numbers in it are constants then.
template <class F, class... X> using called = decltype(call_layer<0>(F{}, X{}...));

template <class E, class W> using slope = decltype(make<gradient_op>(E{}, W{}));

// ---- reading through views ---------------------------------------------------------------------------

using M = tensor<float, 5, 4>;
using V = tensor<float, 5>;
constexpr parameter<0, M> m{};
constexpr parameter<1, V> v{};

/// How the result of E, a view, falls on the axes of what it ends in; `leaf` -1: not on a leaf.
struct seen {
  int leaf;
  std::array<int, max_rank> axis;
  bool operator==(seen const&) const = default;
};
template <class E> seen see(E const&) {
  constexpr flat_graph const& g = flattened<output_of<E, M, V>>::value;
  const knit::access a = g.read(g.roots[0].node);
  seen s{g.is_leaf(a.node) ? field(g.at[a.node], 0) : -1, {}};
  std::copy_n(a.axis, max_rank, s.axis.begin());
  return s;
}

TEST(access, goes_through_views) {
  constexpr int x = no_axis;
  EXPECT_EQ(see(m), (seen{0, {0, 1, x, x}}));
  EXPECT_EQ(see(transpose(m)), (seen{0, {1, 0, x, x}}));
  EXPECT_EQ(see(transpose(v)), (seen{1, {x, 0, x, x}}));
  EXPECT_EQ(see(broadcast_like(v, m)), (seen{1, {0, x, x, x}}));
  EXPECT_EQ(see(broadcast_like(transpose(v), transpose(m))), (seen{1, {x, 0, x, x}}));
  EXPECT_EQ(see(reshape<5, 1, 4>(m)), (seen{0, {0, x, 1, x}}));
  EXPECT_EQ(see(reshape<1, 5, 4>(m)), (seen{0, {x, 0, 1, x}}));
  EXPECT_EQ(see(reshape<1, 5, 1, 4>(m)), (seen{0, {x, 0, x, 1}}));
  EXPECT_EQ((see(transpose<2, 0, 1>(reshape<5, 1, 4>(m)))), (seen{0, {1, 0, x, x}}));
  EXPECT_EQ((see(transpose<1, 2, 0>(reshape<5, 1, 4>(transpose(reshape<4, 5>(transpose(m))))))), (seen{0, {x, 1, 0, x}}));
  EXPECT_EQ((see(reshape<4, 5, 1>(transpose(m)))), (seen{0, {1, 0, x, x}}));
  EXPECT_EQ((see(reshape<4, 1, 5>(transpose(m)))), (seen{0, {1, x, 0, x}}));
}

TEST(access, stops_where_elements_move) {
  EXPECT_EQ(see(reshape<4, 5>(m)).leaf, -1);
  EXPECT_EQ(see(reshape<20>(m)).leaf, -1);
  EXPECT_EQ(see(exp(m)).leaf, -1);
}

TEST(access, knows_reshapes_that_only_squeeze) {
  EXPECT_TRUE(squeezes(make_shape(5, 4), make_shape(5, 1, 4)));
  EXPECT_TRUE(squeezes(make_shape(1, 5, 1, 4), make_shape(5, 4)));
  EXPECT_TRUE(squeezes(shape{}, make_shape(1, 1, 1)));
  EXPECT_TRUE(squeezes(make_shape(7), make_shape(1, 1, 1, 7)));
  EXPECT_FALSE(squeezes(make_shape(5, 4), make_shape(4, 5)));
  EXPECT_FALSE(squeezes(make_shape(6), make_shape(2, 3)));
  EXPECT_FALSE(squeezes(make_shape(2, 3), make_shape(6)));
  EXPECT_FALSE(squeezes(make_shape(2, 3, 4), make_shape(2, 12)));
}

// ---- memory ------------------------------------------------------------------------------------------

TEST(pack_lifetimes, never_overlaps_what_lives_at_once) {
  std::mt19937 random(5);
  auto below = [&](int n) { return int(random() % unsigned(n)); };
  for (int round = 0; round < 2000; ++round) {
    const int n = 1 + below(40);
    std::vector<lifetime> a;
    long sum = 0;
    for (int i = 0; i < n; ++i) {
      const int born = below(12);
      const long floats = below(4) == 0 ? 0 : 1 + below(300);  // 0: not stored
      a.push_back({floats, born, born + below(5), -1});
      sum += (floats + 15) / 16 * 16;
    }
    const long top = pack_lifetimes(a.data(), n);
    EXPECT_LE(top, sum);
    std::vector<long> at_once(20, 0);
    for (int i = 0; i < n; ++i) {
      if (a[std::size_t(i)].floats == 0) continue;
      lifetime const& x = a[std::size_t(i)];
      EXPECT_GE(x.offset, 0);
      EXPECT_EQ(x.offset % 16, 0);
      EXPECT_LE(x.offset + x.floats, top);
      for (int t = x.born; t <= x.dies; ++t) at_once[std::size_t(t)] += x.floats;
      for (int k = 0; k < i; ++k) {
        lifetime const& y = a[std::size_t(k)];
        if (y.floats == 0 || y.dies < x.born || x.dies < y.born) continue;
        ASSERT_TRUE(x.offset + x.floats <= y.offset || y.offset + y.floats <= x.offset)
            << "round " << round << ": " << i << " and " << k;
      }
    }
    EXPECT_GE(top, *std::max_element(at_once.begin(), at_once.end()));
  }
}

TEST(buffers, hold_the_last_element) {
  for (int a = 1; a <= 70; ++a)
    for (int b = 1; b <= 70; ++b)
      for (int c = 1; c <= 2; ++c) {
        const shape s = make_shape(a, b, c);
        const int leading = leading_of(s);
        const strides by = strides_of(s, leading);
        EXPECT_LT((a - 1) + (b - 1) * by.along[1] + (c - 1) * by.along[2], knit::detail::floats_of(s, leading, 0))
            << a << " x " << b << " x " << c;
        EXPECT_TRUE((b == 1 || by.along[1] >= a) && (c == 1 || by.along[2] >= a)) << a << " x " << b << " x " << c;
      }
}

TEST(pack_lifetimes, uses_memory_again) {
  lifetime chain[] = {{100, 0, 1, -1}, {100, 1, 2, -1}, {100, 2, 3, -1}, {100, 3, 4, -1}, {100, 4, 5, -1}};
  EXPECT_EQ(pack_lifetimes(chain, 5), 2 * 112);
  lifetime apart[] = {{160, 0, 0, -1}, {320, 1, 1, -1}, {16, 2, 2, -1}};
  EXPECT_EQ(pack_lifetimes(apart, 3), 320);
  for (auto const& l : apart) EXPECT_EQ(l.offset, 0);
  lifetime hole[] = {{32, 0, 9, -1}, {64, 0, 1, -1}, {32, 0, 9, -1}, {48, 2, 9, -1}};
  EXPECT_EQ(pack_lifetimes(hole, 4), 128);
  EXPECT_EQ(hole[3].offset, 32);
}

TEST(leading, is_whole_vectors_and_no_power_of_two) {
  EXPECT_EQ(leading_of(make_shape(7)), 7);
  EXPECT_EQ(leading_of(make_shape(1, 9)), 1);
  EXPECT_EQ(leading_of(make_shape(10, 3)), 16);
  for (int rows = 2; rows < 2000; ++rows) {
    const int l = leading_of(make_shape(rows, 3));
    EXPECT_GE(l, rows);
    EXPECT_EQ(l % 16, 0);
    EXPECT_NE(l % 256, 0);
  }
}

// ---- what is fused and what is stored ----------------------------------------------------------------

/// Bytes stored of the contractions that a state's next value depends on and that have the state's shape: its
/// gradient's. -1: there is no such contraction.
template <class P> constexpr long gradient_bytes(int state) {
  flat_graph const& g = P::graph;
  bool behind[P::nodes]{};
  for (int r = 0; r < g.root_count; ++r)
    if (g.roots[r].state == state) behind[g.roots[r].node] = true;
  long bytes = -1;
  for (int i = g.size - 1; i >= 0; --i) {
    if (!behind[i]) continue;
    for (int k = 0; k < g.arity(i); ++k) behind[g.operand(i, k)] = true;
    if (!g.is_op(i) || g.info(i).what != kind::contract || !same_extents(g.extents[i], g.leaves[state].extents)) continue;
    buffer const& b = P::plan.buffers[i];
    bytes = (bytes < 0 ? 0 : bytes) + (b.offset < 0 ? 0 : 4 * b.floats * b.parts);
  }
  return bytes;
}
/// Is every state's next value written where it is computed?
template <class P> constexpr bool all_in_place() {
  for (int i = 0; i < P::plan.store_count; ++i) {
    store const& s = P::plan.stores[i];
    if (P::graph.roots[s.root].state >= 0 && P::plan.step_of[s.node] != s.step) return false;
  }
  return true;
}

using mlp = decltype(make_chain(make_dense<784, 256>(relu), make_dense<256, 10>()));
using mnist_step = compiled<detail::training_spec<mlp, sgd_rule, view<unorm8, 784, 100>, view<std::uint8_t, 100>>>;

TEST(mnist_step, is_three_kernels_that_store_no_weight_gradient) {
  static_assert(mnist_step::plan.kernels <= 3);
  static_assert(mnist_step::plan.parallel);
  EXPECT_EQ(gradient_bytes<mnist_step>(0), 0);
  EXPECT_EQ(gradient_bytes<mnist_step>(2), 0);
  EXPECT_TRUE(all_in_place<mnist_step>());
  int contractions = 0;
  for (int i = 0; i < mnist_step::nodes; ++i)
    contractions += mnist_step::graph.is_op(i) && mnist_step::graph.info(i).what == kind::contract;
  EXPECT_EQ(contractions, 5);  // two forward, two weights' gradients, one back
  // 2 x 784 x 256 x 100 twice, 2 x 256 x 10 x 100 three times.
  EXPECT_GT(mnist_step::plan.flops, 81.8e6);
  EXPECT_LT(mnist_step::plan.flops, 81.8e6 * 1.02);
}

/// The moments of a weight come from the gradient that it comes from: all three wait for whoever reads the old weight.
TEST(mnist_step, with_moments_copies_no_weight) {
  using step = compiled<detail::training_spec<mlp, adam_rule, view<unorm8, 784, 100>, view<std::uint8_t, 100>>>;
  static_assert(step::plan.kernels == 3);
  EXPECT_TRUE(all_in_place<step>());
}

TEST(mnist_step, needs_little_memory) {
  // Images as numbers, activations and their adjoints: less than one gradient of the first weight.
  EXPECT_LT(mnist_step::plan.arena_bytes(), 4 * 256 * 784);
}

TEST(mnist_step, lists_every_computed_value_once_after_what_it_reads) {
  constexpr auto& p = mnist_step::plan;
  std::vector<int> position(std::size_t(mnist_step::nodes), -1);
  for (int t = 0; t < p.step_count; ++t)
    for (int i = p.steps[t].first; i < p.steps[t].last; ++i) {
      EXPECT_EQ(position[std::size_t(p.order[i])], -1);
      position[std::size_t(p.order[i])] = i;
      EXPECT_EQ(p.step_of[p.order[i]], t);
    }
  for (int i = 0; i < mnist_step::nodes; ++i) {
    if (p.roles[i] != role::computed) continue;
    EXPECT_GE(position[std::size_t(i)], 0);
    for (int k = 0; k < mnist_step::graph.arity(i); ++k) {
      const int u = mnist_step::graph.read(i, k).node;
      if (p.roles[u] != role::computed) continue;
      EXPECT_LE(p.level[u], p.level[i]);
      if (p.level[u] == p.level[i]) {
        EXPECT_LT(position[std::size_t(u)], position[std::size_t(i)]);
      }
    }
  }
}

template <int N> struct chain_program {
  using X = tensor<float, N>;
  using E = decltype(mean(square(sigm(parameter<0, X>{}))));
  using P = compiled<spec<mp::mp_list<output<E>, output<slope<E, parameter<0, X>>>>, X>>;
};

template <class P> long largest_stored() {
  long most = 0;
  for (int i = 0; i < P::nodes; ++i)
    if (P::plan.buffers[i].offset >= 0) most = std::max(most, P::graph.extents[i].size());
  return most;
}

TEST(chain_of_maps, is_two_kernels_at_most_and_stores_no_element) {
  EXPECT_LE(chain_program<1000>::P::plan.kernels, 2);
  EXPECT_LE(chain_program<1000000>::P::plan.kernels, 2);
  EXPECT_EQ(largest_stored<chain_program<1000>::P>(), 1);
  EXPECT_EQ(largest_stored<chain_program<1000000>::P>(), 1);
  EXPECT_FALSE(chain_program<1000>::P::plan.parallel);
  EXPECT_TRUE(chain_program<1000000>::P::plan.parallel);
  EXPECT_LE(chain_program<1000000>::P::plan.arena_bytes(), 4 * 16 * 1024);
}

// ---- when a state may be written ---------------------------------------------------------------------

template <class Spec> void run(std::vector<void const*> leaves, std::vector<void*> outputs = {}) {
  typename simd_backend::program<Spec> p;
  p.run(leaves.data(), outputs.data());
}

/// Arrays with arbitrary small elements.
template <class A> A arbitrary(unsigned seed) {
  A a;
  std::mt19937 random(seed);
  a.fill([&](long) { return float(int(random() % 2001) - 1000) / 1000; });
  return a;
}
/// Elements as doubles, first index fastest.
template <class A> std::vector<double> doubles(A const& a) {
  std::vector<double> d(static_cast<std::size_t>(A::size()));
  for (long i = 0; i < A::size(); ++i) d[std::size_t(i)] = double(a[i]);
  return d;
}
template <class A> void expect_near(A const& got, std::vector<double> const& expected, double tolerance, char const* what) {
  double worst = 0, scale = 1e-30;
  for (long i = 0; i < A::size(); ++i) {
    worst = std::max(worst, std::abs(double(got[i]) - expected[std::size_t(i)]));
    scale = std::max(scale, std::abs(expected[std::size_t(i)]));
  }
  EXPECT_LE(worst, tolerance * scale) << what;
}

/// The gradient x transpose(w transpose... ) of sum(square(w x - t)) / 2 with regard to w, in plain loops.
std::vector<double> least_squares_gradient(std::vector<double> const& w, std::vector<double> const& x, std::vector<double> const& t,
                                           int rows, int inner, int columns) {
  std::vector<double> g(w.size(), 0);
  for (int n = 0; n < columns; ++n)
    for (int i = 0; i < rows; ++i) {
      double e = -t[std::size_t(i + n * rows)];
      for (int k = 0; k < inner; ++k) e += w[std::size_t(i + k * rows)] * x[std::size_t(k + n * inner)];
      for (int k = 0; k < inner; ++k) g[std::size_t(i + k * rows)] += e * x[std::size_t(k + n * inner)];
    }
  return g;
}

struct half_squares {
  constexpr auto operator()(auto w, auto x, auto t) const { return 0.5 % sum(square(w * x - t)); }
};
struct half_squares_with_bias {
  constexpr auto operator()(auto w, auto x, auto t, auto b) const { return 0.5 % sum(square(w * x + b - t)); }
};

/// Least squares of a small or (parallel) large size.
template <int Rows, int Inner, int Columns> struct least_squares {
  using W = tensor<float, Rows, Inner>;
  using X = tensor<float, Inner, Columns>;
  using T = tensor<float, Rows, Columns>;
  using w = parameter<0, W>;
  using x = parameter<1, X>;
  using t = parameter<2, T>;
  using loss = called<half_squares, w, x, t>;
  static std::vector<double> gradient(W const& a, X const& b, T const& c) {
    return least_squares_gradient(doubles(a), doubles(b), doubles(c), Rows, Inner, Columns);
  }
};
using little = least_squares<7, 5, 9>;
using large = least_squares<600, 350, 20>;  // elementwise work on its weight alone is enough for threads

template <class Size> class hazards : public testing::Test {};
using sizes = testing::Types<little, large>;
TYPED_TEST_SUITE(hazards, sizes);

constexpr double rate = 0.0625;
struct fixed_rate {
  constexpr auto operator()(auto w, auto g) const { return w - 0.0625 % g; }
};
template <class L> using plain_next = called<fixed_rate, typename L::w, slope<typename L::loss, typename L::w>>;
struct halved {
  constexpr auto operator()(auto a) const { return a % 0.5; }
};
struct doubled {
  constexpr auto operator()(auto a) const { return a % 2; }
};
struct one_more {
  constexpr auto operator()(auto a) const { return a + 1; }
};
struct faster {
  constexpr auto operator()(auto u, auto g) const { return 0.75 % u + g; }
};
struct with_half_of_its_mirror_image {
  constexpr auto operator()(auto a) const { return a + 0.5 % transpose(a); }
};
struct clipped_rate {
  constexpr auto operator()(auto g, auto h) const { return 0.0625 % min(1, 0.5 / sqrt(sum(square(g)) + sum(square(h)))); }
};

TYPED_TEST(hazards, plain_descent_is_in_place) {
  using L = TypeParam;
  using S = spec<mp::mp_list<next<plain_next<L>, 0>>, typename L::W, typename L::X, typename L::T>;
  EXPECT_TRUE(all_in_place<compiled<S>>());
  EXPECT_EQ((gradient_bytes<compiled<S>>(0)), 0);
  auto w = arbitrary<typename L::W>(1);
  const auto x = arbitrary<typename L::X>(2);
  const auto t = arbitrary<typename L::T>(3);
  auto expected = doubles(w);
  auto g = L::gradient(w, x, t);
  for (std::size_t i = 0; i < g.size(); ++i) expected[i] -= rate * g[i];
  run<S>({w.data(), x.data(), t.data()});
  expect_near(w, expected, 1e-5, "w");
}

TYPED_TEST(hazards, an_output_that_is_the_old_weight_is_the_old_one) {
  using L = TypeParam;
  using S = spec<mp::mp_list<output<typename L::w>, next<plain_next<L>, 0>>, typename L::W, typename L::X, typename L::T>;
  using P = compiled<S>;
  EXPECT_FALSE(all_in_place<P>());
  auto w = arbitrary<typename L::W>(1);
  const auto old = w;
  const auto x = arbitrary<typename L::X>(2);
  const auto t = arbitrary<typename L::T>(3);
  auto expected = doubles(w);
  auto g = L::gradient(w, x, t);
  for (std::size_t i = 0; i < g.size(); ++i) expected[i] -= rate * g[i];
  std::vector<float> out(std::size_t(L::W::size()), -1);
  run<S>({w.data(), x.data(), t.data()}, {out.data()});
  for (long i = 0; i < L::W::size(); ++i) ASSERT_EQ(out[std::size_t(i)], old[i]) << i;
  expect_near(w, expected, 1e-5, "w");
}

TYPED_TEST(hazards, a_state_that_is_read_later_is_written_late) {
  using L = TypeParam;
  // The second output reads w again, transposed, after everything of the first product is there.
  using y = decltype(tanh(typename L::w{} * typename L::x{}));
  using z = decltype(transpose(typename L::w{}) * (y{} / sum(square(y{}))));
  using S = spec<mp::mp_list<next<called<halved, typename L::w>, 0>, output<z>>, typename L::W, typename L::X>;
  if (compiled<S>::plan.parallel) {  // else all is one kernel, and the state may wait until its end
    EXPECT_FALSE(all_in_place<compiled<S>>());
  }
  auto w = arbitrary<typename L::W>(1);
  const auto x = arbitrary<typename L::X>(2);
  const auto a = doubles(w), b = doubles(x);
  constexpr int rows = L::W::shape.extent[0], inner = L::W::shape.extent[1], columns = L::X::shape.extent[1];
  std::vector<double> h(std::size_t(rows) * columns), expected(b.size());
  double norm = 0;
  for (int n = 0; n < columns; ++n)
    for (int i = 0; i < rows; ++i) {
      double s = 0;
      for (int k = 0; k < inner; ++k) s += a[std::size_t(i + k * rows)] * b[std::size_t(k + n * inner)];
      h[std::size_t(i + n * rows)] = std::tanh(s);
      norm += std::tanh(s) * std::tanh(s);
    }
  for (int n = 0; n < columns; ++n)
    for (int k = 0; k < inner; ++k)
      for (int i = 0; i < rows; ++i)
        expected[std::size_t(k + n * inner)] += a[std::size_t(i + k * rows)] * h[std::size_t(i + n * rows)] / norm;
  std::vector<float> out(b.size());
  run<S>({w.data(), x.data()}, {out.data()});
  double worst = 0, scale = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    worst = std::max(worst, std::abs(out[i] - expected[i]));
    scale = std::max(scale, std::abs(expected[i]));
  }
  EXPECT_LE(worst, 1e-5 * scale);
  for (long i = 0; i < L::W::size(); ++i) ASSERT_EQ(double(w[i]), 0.5 * a[std::size_t(i)]);
}

TYPED_TEST(hazards, momentum_is_two_states_of_one_step) {
  using L = TypeParam;
  using U = typename L::W;
  using velocity = parameter<3, U>;
  using moved = called<faster, velocity, slope<typename L::loss, typename L::w>>;
  using stepped = called<fixed_rate, typename L::w, moved>;
  using S =
      spec<mp::mp_list<output<typename L::loss>, next<moved, 3>, next<stepped, 0>>, typename L::W, typename L::X, typename L::T, U>;
  auto w = arbitrary<typename L::W>(1);
  const auto x = arbitrary<typename L::X>(2);
  const auto t = arbitrary<typename L::T>(3);
  auto u = arbitrary<U>(4);
  auto a = doubles(w), b = doubles(u);
  // Small steps, or large arrays run away.
  for (int step = 0; step < 3; ++step) {
    const auto g = least_squares_gradient(a, doubles(x), doubles(t), U::shape.extent[0], U::shape.extent[1], L::X::shape.extent[1]);
    for (std::size_t i = 0; i < g.size(); ++i) {
      b[i] = 0.75 * b[i] + g[i];
      a[i] -= 0.0625 * b[i];
    }
    float loss = 0;
    run<S>({w.data(), x.data(), t.data(), u.data()}, {&loss});
    expect_near(u, b, 2e-5, "velocity");
    expect_near(w, a, 2e-5, "w");
  }
}

TYPED_TEST(hazards, states_may_change_places) {
  using A = typename TypeParam::W;
  using a = parameter<0, A>;
  using b = parameter<1, A>;
  using c = parameter<2, A>;
  {
    using S = spec<mp::mp_list<next<b, 0>, next<a, 1>>, A, A>;
    auto x = arbitrary<A>(1), y = arbitrary<A>(2);
    const auto old_x = doubles(x), old_y = doubles(y);
    run<S>({x.data(), y.data()});
    expect_near(x, old_y, 0, "a");
    expect_near(y, old_x, 0, "b");
  }
  {  // in a ring, one of them changed on its way
    using S = spec<mp::mp_list<next<called<one_more, b>, 0>, next<c, 1>, next<a, 2>>, A, A, A>;
    auto x = arbitrary<A>(1), y = arbitrary<A>(2), z = arbitrary<A>(3);
    auto from_b = y;
    from_b.fill([&](long i) { return y[i] + 1; });
    const auto old_x = doubles(x), old_z = doubles(z);
    run<S>({x.data(), y.data(), z.data()});
    expect_near(x, doubles(from_b), 0, "a");
    expect_near(y, old_z, 0, "b");
    expect_near(z, old_x, 0, "c");
  }
  {  // one value for two states
    using e = decltype(a{} + b{});
    using S = spec<mp::mp_list<next<e, 0>, next<e, 1>>, A, A>;
    auto x = arbitrary<A>(1), y = arbitrary<A>(2);
    auto both = x;
    both.fill([&](long i) { return x[i] + y[i]; });
    run<S>({x.data(), y.data()});
    expect_near(x, doubles(both), 0, "a");
    expect_near(y, doubles(both), 0, "b");
  }
}

template <int N> void transposed_states() {
  using A = tensor<float, N, N>;
  using a = parameter<0, A>;
  using b = parameter<1, A>;
  using S = spec<mp::mp_list<next<decltype(transpose(b{})), 0>, next<decltype(a{} - transpose(a{})), 1>>, A, A>;
  auto x = arbitrary<A>(1), y = arbitrary<A>(2);
  auto x_next = x, y_next = y;
  for (int i = 0; i < N; ++i)
    for (int k = 0; k < N; ++k) {
      x_next(i, k) = y(k, i);
      y_next(i, k) = x(i, k) - x(k, i);
    }
  run<S>({x.data(), y.data()});
  expect_near(x, doubles(x_next), 0, "a");
  expect_near(y, doubles(y_next), 0, "b");
  // A state that is its own transpose's neighbour: no element may be written before its mirror image is read.
  using T = spec<mp::mp_list<next<called<with_half_of_its_mirror_image, a>, 0>>, A>;
  EXPECT_FALSE(all_in_place<compiled<T>>());
  for (int i = 0; i < N; ++i)
    for (int k = 0; k < N; ++k) x_next(i, k) = x(i, k) + 0.5f * x(k, i);
  run<T>({x.data()});
  expect_near(x, doubles(x_next), 0, "a alone");
}
TEST(transposed, states_are_read_before_they_are_written) {
  transposed_states<19>();
  transposed_states<500>();
}

TYPED_TEST(hazards, a_state_that_its_own_sum_changes) {
  using A = typename TypeParam::W;
  using a = parameter<0, A>;
  using S = spec<mp::mp_list<next<decltype(a{} - mean(a{}) + sum<0>(a{})), 0>>, A>;
  auto x = arbitrary<A>(1);
  auto e = doubles(x);
  constexpr int rows = A::shape.extent[0], columns = A::shape.extent[1];
  double mean = 0;
  std::vector<double> column(columns, 0);
  for (int k = 0; k < columns; ++k)
    for (int i = 0; i < rows; ++i) {
      mean += e[std::size_t(i + k * rows)] / (rows * columns);
      column[std::size_t(k)] += e[std::size_t(i + k * rows)];
    }
  for (int k = 0; k < columns; ++k)
    for (int i = 0; i < rows; ++i) e[std::size_t(i + k * rows)] += column[std::size_t(k)] - mean;
  run<S>({x.data()});
  expect_near(x, e, 1e-5, "a");
}

TYPED_TEST(hazards, clipping_by_global_norm_stores_the_gradients) {
  using L = TypeParam;
  using B = tensor<float, L::W::shape.extent[0]>;
  using b = parameter<3, B>;
  using loss = called<half_squares_with_bias, typename L::w, typename L::x, typename L::t, b>;
  using gw = slope<loss, typename L::w>;
  using gb = slope<loss, b>;
  using factor = called<clipped_rate, gw, gb>;
  using S = spec<
      mp::mp_list<output<loss>, next<decltype(typename L::w{} - factor{} % gw{}), 0>, next<decltype(b{} - factor{} % gb{}), 3>>,
      typename L::W, typename L::X, typename L::T, B>;
  EXPECT_GT((gradient_bytes<compiled<S>>(0)), 0);
  auto w = arbitrary<typename L::W>(1);
  const auto x = arbitrary<typename L::X>(2);
  const auto t = arbitrary<typename L::T>(3);
  auto c = arbitrary<B>(4);
  auto a = doubles(w), d = doubles(c);
  auto shifted = doubles(t);
  constexpr int rows = L::W::shape.extent[0], inner = L::W::shape.extent[1], columns = L::X::shape.extent[1];
  for (std::size_t i = 0; i < shifted.size(); ++i) shifted[i] -= d[i % rows];
  const auto g = least_squares_gradient(a, doubles(x), shifted, rows, inner, columns);
  std::vector<double> h(rows, 0);
  double expected_loss = 0, norm = 0;
  for (int n = 0; n < columns; ++n)
    for (int i = 0; i < rows; ++i) {
      double e = -shifted[std::size_t(i + n * rows)];
      for (int k = 0; k < inner; ++k) e += a[std::size_t(i + k * rows)] * double(x(k, n));
      h[std::size_t(i)] += e;
      expected_loss += 0.5 * e * e;
    }
  for (double e : g) norm += e * e;
  for (double e : h) norm += e * e;
  ASSERT_GT(std::sqrt(norm), 0.5);  // so it is clipped
  const double by = 0.0625 * 0.5 / std::sqrt(norm);
  for (std::size_t i = 0; i < a.size(); ++i) a[i] -= by * g[i];
  for (std::size_t i = 0; i < d.size(); ++i) d[i] -= by * h[i];
  float got = 0;
  run<S>({w.data(), x.data(), t.data(), c.data()}, {&got});
  EXPECT_NEAR(got, expected_loss, 1e-5 * expected_loss);
  expect_near(w, a, 1e-6, "w");
  expect_near(c, d, 1e-6, "b");
}

TYPED_TEST(hazards, scalar_states_are_read_before_they_change) {
  using L = TypeParam;
  using scale = parameter<3, tensor<float>>;
  using count = parameter<4, tensor<double>>;
  using s = decltype(sum(square(typename L::w{})));
  // The outputs read both scalars after a sum over everything; the states stand before and behind them.
  using S = spec<
      mp::mp_list<next<called<one_more, scale>, 3>, output<decltype(s{} % scale{} + count{})>, next<decltype(count{} + scale{}), 4>,
                  output<scale>, output<called<doubled, count>>, next<decltype(typename L::w{} % scale{}), 0>>,
      typename L::W, typename L::X, typename L::T, tensor<float>, tensor<double>>;
  auto w = arbitrary<typename L::W>(1);
  const auto old = w;
  tensor<float> a;
  a[0] = 3;
  tensor<double> n;
  n[0] = 10;
  double sum = 0;
  for (double e : doubles(w)) sum += e * e;
  float first = 0, second = 0, third = 0;
  for (int threads : {1, 2, 3}) {
    thread_count() = threads;
    a[0] = 3, n[0] = 10, w = old;
    run<S>({w.data(), nullptr, nullptr, a.data(), n.data()}, {&first, &second, &third});
    EXPECT_NEAR(first, sum * 3 + 10, 1e-5 * sum);
    EXPECT_EQ(second, 3);
    EXPECT_EQ(third, 20);
    EXPECT_EQ(a[0], 4);
    EXPECT_EQ(n[0], 13);
    for (long i = 0; i < L::W::size(); ++i) ASSERT_EQ(w[i], 3 * old[i]);
  }
  thread_count() = 0;
}

TYPED_TEST(hazards, a_scalar_that_only_an_output_reads_late) {
  using A = typename TypeParam::W;
  using scale = parameter<1, tensor<float>>;
  using S = spec<mp::mp_list<next<decltype(scale{} + sum(square(parameter<0, A>{}))), 1>,
                             output<decltype(sum(square(parameter<0, A>{})) % scale{})>>,
                 A, tensor<float>>;
  const auto w = arbitrary<A>(1);
  double sum = 0;
  for (double e : doubles(w)) sum += e * e;
  for (int threads : {1, 2, 3}) {
    thread_count() = threads;
    tensor<float> a;
    a[0] = 3;
    float got = 0;
    run<S>({w.data(), a.data()}, {&got});
    EXPECT_NEAR(got, 3 * sum, 1e-5 * sum);
    EXPECT_NEAR(a[0], 3 + sum, 1e-5 * sum);
  }
  thread_count() = 0;
}

TEST(inlined_scalars, may_be_shared_over_and_over) {
  // Each level reads the one before three times: 3^9 paths, 27 nodes.
  using X = tensor<float, 10>;
  constexpr auto grow = [](auto h) { return h + (h % h) % parameter<1, tensor<float>>{}; };
  constexpr auto s = sum(parameter<0, X>{});
  constexpr auto e = grow(grow(grow(grow(grow(grow(grow(grow(grow(s)))))))));
  using S = spec<mp::mp_list<output<decltype(e)>, output<decltype(parameter<0, X>{} % e)>>, X, tensor<float>>;
  const auto x = arbitrary<X>(1);
  double expected = 0;
  for (double v : doubles(x)) expected += v;
  for (int i = 0; i < 9; ++i) expected += expected * expected * 0.001;
  float got = 0;
  std::vector<float> scaled(10);
  tensor<float> by;
  by[0] = 0.001f;
  run<S>({x.data(), by.data()}, {&got, scaled.data()});
  EXPECT_NEAR(got, expected, 1e-5 * std::abs(expected));
  for (int i = 0; i < 10; ++i) EXPECT_NEAR(scaled[std::size_t(i)], expected * double(x[i]), 1e-5 * std::abs(expected));
}

TEST(elementwise, may_use_a_value_twice_at_each_of_many_levels) {
  // 2^24 paths lead to the first value.
  using X = tensor<float, 2000>;
  constexpr auto climb = [](auto h) { return h + sigm(h % parameter<1, X>{}) % h; };
  constexpr auto a = climb(climb(climb(climb(climb(climb(parameter<0, X>{}))))));
  constexpr auto b = climb(climb(climb(climb(climb(climb(a))))));
  using S = output_of<decltype(b), X, X>;
  static_assert(compiled<S>::plan.parallel);
  const auto x = arbitrary<X>(1), w = arbitrary<X>(2);
  std::vector<float> got(2000);
  run<S>({x.data(), w.data()}, {got.data()});
  for (long i = 0; i < 2000; ++i) {
    double h = x[i];
    for (int level = 0; level < 12; ++level) h += h / (1 + std::exp(-h * double(w[i])));
    ASSERT_NEAR(got[std::size_t(i)], h, 2e-5 * std::abs(h) + 1e-6) << i;
  }
}

TEST(explain, says_what_is_done) {
  const std::string s = explain(mnist_step::graph, mnist_step::plan);
  EXPECT_NE(s.find(std::to_string(mnist_step::plan.kernels) + " kernels, "), s.npos);
  EXPECT_NE(s.find("arena " + std::to_string(mnist_step::plan.arena_bytes()) + " bytes"), s.npos);
  EXPECT_NE(s.find("leaf0 (256x784) float, in panels"), s.npos);
  EXPECT_NE(s.find("leaf4 (784x100) byte/255"), s.npos);
  EXPECT_NE(s.find("contract (256x784)"), s.npos);
  EXPECT_NE(s.find("leaf0 <- v"), s.npos);
  EXPECT_NE(s.find("output0 <- "), s.npos);
}

// ---- why regions are not one -------------------------------------------------------------------------

/// What is said under region `at` about region `with`; empty: nothing.
template <class P> std::string refused(int at, int with) {
  const std::string s = explain(P::graph, P::plan);
  const auto begin = s.find("region " + std::to_string(at) + ":"), end = s.find("\n  region ", begin);
  if (begin == s.npos) return "no such region";
  const std::string part = s.substr(begin, end == s.npos ? end : end - begin),
                    lead = "not fused with region " + std::to_string(with) + ": ";
  const auto line = part.find(lead);
  return line == part.npos ? "" : part.substr(line + lead.size(), part.find('\n', line) - line - lead.size());
}
template <class S> std::string refused_in(int at, int with) { return refused<compiled<S>>(at, with); }

/// Is there a reason for each region that reads another, and none for any other?
template <class P> void expect_all_refused() {
  auto const& g = P::graph;
  auto const& p = P::plan;
  std::vector<std::vector<bool>> read(std::size_t(p.region_count), std::vector<bool>(std::size_t(p.region_count)));
  auto add = [&](auto self, int u, int region) -> void {
    u = g.read(u).node;
    if (p.roles[u] == role::inlined)
      for (int k = 0; k < g.arity(u); ++k) self(self, g.operand(u, k), region);
    else if (p.roles[u] == role::computed) read[std::size_t(region)][std::size_t(p.steps[p.step_of[u]].region)] = true;
  };
  for (int v = 0; v < g.size; ++v)
    if (p.roles[v] == role::computed)
      for (int k = 0; k < g.arity(v); ++k) add(add, g.operand(v, k), p.steps[p.step_of[v]].region);
  for (int i = 0; i < p.store_count; ++i) add(add, p.stores[i].node, p.steps[p.stores[i].step].region);
  for (int at = 0; at < p.region_count; ++at)
    for (int with = 0; with < p.region_count; ++with)
      if (p.regions[at].first < p.regions[at].last) {
        EXPECT_EQ(refused<P>(at, with).empty(), at == with || !read[std::size_t(at)][std::size_t(with)])
            << at << " and " << with << " of\n"
            << explain(g, p);
      }
}

TEST(refusal, a_sum_over_all_slabs) {
  using a = parameter<0, tensor<float, 100000>>;
  using S = output_of<decltype(exp(a{}) - sum(exp(a{}))), tensor<float, 100000>>;
  EXPECT_EQ(refused_in<S>(1, 0), "v3 reads v2, a sum over all its slabs");
  using T = output_of<decltype(exp(a{}) % sigm(sum(exp(a{})))), tensor<float, 100000>>;  // by way of a scalar
  EXPECT_EQ(refused_in<T>(1, 0), "v4 reads v2, a sum over all its slabs");
  using U = output_of<decltype(exp(a{}) - max(exp(a{}))), tensor<float, 100000>>;
  EXPECT_EQ(refused_in<U>(1, 0), "v3 reads v2, a maximum over all its slabs");
  expect_all_refused<compiled<S>>();
  expect_all_refused<compiled<T>>();
}

TEST(refusal, a_sum_over_the_axis_that_is_cut) {
  using X = tensor<float, 31, 400>;
  using h = decltype(tanh(parameter<0, X>{}));
  using k = decltype(exp(parameter<0, X>{}));
  using S = output_of<decltype(h{} * transpose(k{})), X>;
  EXPECT_EQ(refused_in<S>(1, 0), "v4 sums over all slabs of v1, and a part of 3844 bytes for each run is too much");
  using A = tensor<float, 8000, 8>;
  using a = decltype(tanh(parameter<0, A>{}));
  using T = output_of<decltype(transpose(a{}) * a{}), A>;
  EXPECT_EQ(refused_in<T>(1, 0), "v3 sums over all slabs of v1, and what it sums does not lie so that a slab could do its part");
  expect_all_refused<compiled<S>>();
  expect_all_refused<compiled<T>>();
}

TEST(refusal, elements_that_move_and_axes_that_cross) {
  using A = tensor<float, 300, 300>;
  using h = decltype(tanh(parameter<0, A>{}));
  using S = output_of<decltype(exp(reshape<450, 200>(h{}))), A>;
  EXPECT_EQ(refused_in<S>(1, 0), "v2 reshapes v1, and its elements lie in other slabs");
  using T = output_of<decltype(h{} + transpose(h{})), A>;
  EXPECT_EQ(refused_in<T>(1, 0), "v3 reads v1 along two axes");
  using k = decltype(exp(parameter<0, A>{}));
  using U = spec<mp::mp_list<output<h>, output<k>, output<decltype(h{} + transpose(k{}))>>, A>;
  EXPECT_EQ(refused_in<U>(1, 0), "v4 reads v1 along one axis and v2 along another");
  expect_all_refused<compiled<U>>();
  expect_all_refused<compiled<S>>();
  expect_all_refused<compiled<T>>();
}

TEST(refusal, what_is_heavy_and_what_may_wait_for_it) {
  using h = decltype(tanh(parameter<0, tensor<float, 16>>{}));
  using S = spec<mp::mp_list<output<decltype(parameter<1, tensor<float, 20000, 16>>{} * h{})>,
                             output<decltype(parameter<2, tensor<float, 200, 16>>{} * h{})>>,
                 tensor<float, 16>, tensor<float, 20000, 16>, tensor<float, 200, 16>>;
  EXPECT_EQ(refused_in<S>(1, 0), "for v3 (0.64 Mflop), which reads v2, a second thread saves more than a meeting costs");
  EXPECT_EQ(refused_in<S>(2, 0), "v5, which reads v2, may wait for what is worth a meeting");
  expect_all_refused<compiled<S>>();
}

TEST(refusal, what_has_moved) {
  using A = tensor<float, 100000>;
  using h = decltype(tanh(parameter<0, A>{}));
  using t = decltype(sum(exp(h{} - sum(h{}))));
  using S = output_of<decltype(square(h{}) % t{}), A>;
  EXPECT_EQ(refused_in<S>(1, 0), "v4 reads v3, a sum over all its slabs");
  EXPECT_EQ(refused_in<S>(2, 0), "v2, which reads v1, is made where it is read, from no more memory than it takes");
  EXPECT_EQ(refused_in<S>(2, 1), "v7 reads v6, a sum over all its slabs");
  expect_all_refused<compiled<S>>();
}

TEST(refusal, what_is_written_late) {
  using A = tensor<float, 300, 300>;
  using a = parameter<0, A>;
  using b = parameter<1, A>;
  using S = spec<
      mp::mp_list<next<decltype(exp(transpose(b{}))), 0>, next<decltype(a{} - transpose(a{})), 1>, output<decltype(sum(exp(a{})))>>,
      A, A>;
  EXPECT_EQ(refused_in<S>(2, 0), "output2 reads v7, and is written when all of it is there");
  EXPECT_EQ(refused_in<S>(3, 1), "leaf0 takes v2 when nobody reads its old value any more");
  EXPECT_EQ(refused_in<S>(4, 0), "leaf1 takes v5 when nobody reads its old value any more");
  expect_all_refused<compiled<S>>();
}

TEST(refusal, what_a_network_meets) {
  EXPECT_EQ(refused<mnist_step>(1, 0), "each thread makes v3 for itself, which costs less than to fetch it");
  EXPECT_EQ(refused<mnist_step>(3, 1),
            "v16 reads v14, a sum over all its slabs; along an axis of 100 both are one region, worth 4.19329 Mflop "
            "and not 20.3648, as it reads 823296 bytes that other cores wrote");
  EXPECT_EQ(refused<mnist_step>(4, 1), "v39 reads v12 and v37, which region 3 makes later");
  EXPECT_EQ(refused<mnist_step>(4, 3), "v39 sums over all slabs of v37, and a part of 10240 bytes for each run is too much");
  EXPECT_EQ(refused<mnist_step>(6, 3), "output0 reads v29, and is written when all of it is there");
  expect_all_refused<mnist_step>();
  expect_all_refused<chain_program<1000>::P>();
  expect_all_refused<chain_program<1000000>::P>();
}

}  // namespace
