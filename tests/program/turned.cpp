// SPDX-License-Identifier: BSL-1.0
// turned.cpp -- in: programs of narrow arrays, plans that turn lanes, cut slabs and make values again wherever they may. out: numbers
// as the oracle has them: reductions along either axis, transposed readers, sums over instances, bytes, doubles, batches of any size.

#include <knit/knit.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "../planned.hpp"

namespace {

using namespace knit;

struct forced {
  static constexpr tuning tune = [] {
    tuning t;
    t.serial_below = t.meeting_flops = 0;
    t.turned_below = 1e9;
    t.memory[0] = t.memory[1] = {0, 6, 2};
    return t;
  }();
};
using everything_turned = basic_simd_backend<forced>;

/// F of two layers' weights, a bias, a third weight, instances and labels.
template <class W, class V, class B, class Q, class F> struct net {
  BOOST_HANA_DEFINE_STRUCT(net, (W, w), (V, v), (B, b), (Q, q), (F, f));
  template <class X, class L> constexpr auto operator()(X const& x, L const& l) const { return f(tanh(w * x + b), v, q, l); }
};
template <class T, class F> using model_of = net<tensor<T, 8, 5>, tensor<T, 8, 8>, tensor<T, 8>, tensor<T, 30, 8>, F>;

struct along_both_axes {
  template <class H, class V, class Q, class L> constexpr auto operator()(H const& h, V const& v, Q const&, L const&) const {
    const auto s = softmax<0>(v * h);
    const auto m = h - max<1>(h);
    return sum(square(s % m)) + 1e-4f * sum(square(h * transpose(h))) + sum(square(s % max<0>(h))) + max(h);
  }
};
struct normalised_over_instances {
  template <class H, class V, class Q, class L> constexpr auto operator()(H const& h, V const& v, Q const&, L const& l) const {
    const auto c = h - mean<1>(h);
    const auto n = c / sqrt(mean<1>(square(c)) + 1e-3f);
    const auto y = v * (n % (uniform_like(n, 3.f) > 0.3f));
    return nll(y, l) + mean(square(n)) + 1e-2f * sum(square(mean<0>(y)) % sum<0>(exp(y)));
  }
};
struct transposed {
  template <class H, class V, class Q, class L> constexpr auto operator()(H const& h, V const& v, Q const& q, L const&) const {
    const auto y = tanh(q * h);
    const auto z = transpose(q) * y;
    const auto t = transpose(z) * v;
    return mean(square(transpose(tanh(t)) - h)) + mean(square(einsum<"ib,ib->b">(h, z))) + mean(square(t % transpose(h))) +
           1e-2f * sum(square(sum<1>(z) - max<1>(z))) + mean(square(y - mean<1>(y)));
  }
};
struct scores {
  template <class H, class V, class Q, class L> constexpr auto operator()(H const& h, V const& v, Q const&, L const&) const {
    const auto c = v * h - mean<0>(h);
    return transpose(c / sqrt(mean<0>(square(c)) + 1e-3f));
  }
};

template <class A> void draw(A& a, double size) {
  a.fill([&](long i) { return size * double(i * 48271l % 1009 - 504) / 504; });
}
template <class T, class F> model_of<T, F> make() {
  model_of<T, F> m{};
  draw(m.w, 0.5), draw(m.v, 0.4), draw(m.b, 0.2), draw(m.q, 0.3);
  return m;
}
constexpr int most = 200;
template <class X> struct inputs {
  using T = typename X::value_type;
  std::vector<T> x = std::vector<T>(5 * most);
  std::vector<std::int32_t> l = std::vector<std::int32_t>(most);
  inputs() {
    for (std::size_t i = 0; i < x.size(); ++i)
      x[i] = T(sizeof(T) == 1 ? double(i * 48271 % 7) : double(i * 48271 % 1009) / 504 - 1);
    for (std::size_t i = 0; i < l.size(); ++i) l[i] = int(i * 5 % 8);
  }
};

/// Losses of steps on batches of these sizes, and then the weights.
template <class Backend, class T, class F, class X, class L> std::vector<double> trained(std::vector<int> const& sizes) {
  auto m = make<T, F>();
  const inputs<X> in;
  training_step<Backend, decltype(m), momentum_rule, X, L> step{m, {.lr = 1e-3f}};
  std::vector<double> r;
  for (int n : sizes) {
    if constexpr (X::extents_type::named > 0) r.push_back(double(step(X(in.x.data(), n), L(in.l.data(), n))));
    else r.push_back(double(step(X(in.x.data()), L(in.l.data()))));
  }
  auto add = [&](auto const& a) {
    for (long i = 0; i < a.size(); ++i) r.push_back(double(a[i]));
  };
  add(m.w), add(m.v), add(m.b), add(m.q);
  return r;
}
void expect_near(std::vector<double> const& found, std::vector<double> const& right, double tolerance) {
  ASSERT_EQ(found.size(), right.size());
  for (std::size_t i = 0; i < right.size(); ++i) EXPECT_NEAR(found[i], right[i], tolerance * (1 + std::abs(right[i]))) << i;
}
template <class T, class F, class X, class L> void trains(std::vector<int> const& sizes, double tolerance) {
  EXPECT_GT(
      (planned::turned<typename training_step<everything_turned, model_of<T, F>, momentum_rule, X, L>::program::compiled_type>()),
      5);
  const auto right = trained<scalar_backend<double>, T, F, X, L>(sizes);
  for (int threads : {1, 3}) {
    thread_count() = threads;
    expect_near(trained<everything_turned, T, F, X, L>(sizes), right, tolerance);
  }
  thread_count() = 0;
}

using labels = view<std::int32_t, most>;

TEST(turned, reductions_along_both_axes_of_batches_of_any_size) {
  using X = view<float, 5, dyn<"n", most>>;
  trains<float, along_both_axes, X, view<std::int32_t, dyn<"n", most>>>({200, 37, 1, 130, 64}, 3e-5);
}
TEST(turned, means_over_instances_of_bytes) {
  trains<float, normalised_over_instances, view<std::uint8_t, 5, most>, labels>({0, 0, 0}, 1e-4);
}
TEST(turned, transposed_readers_of_doubles) { trains<double, transposed, view<double, 5, most>, labels>({0, 0}, 1e-11); }

TEST(turned, outputs_through_views) {
  using X = view<float, 5, most>;
  auto result = [&]<class Backend>(Backend) {
    const auto m = make<float, scores>();
    const inputs<X> in;
    inference<Backend, std::remove_const_t<decltype(m)>, X, labels> f(m);
    std::vector<typename decltype(f)::value_type> y(8 * most);
    f(X(in.x.data()), labels(in.l.data()), y.data());
    return std::vector<double>(y.begin(), y.end());
  };
  expect_near(result(everything_turned{}), result(scalar_backend<double>{}), 1e-5);
}

}  // namespace
