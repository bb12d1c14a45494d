// SPDX-License-Identifier: BSL-1.0
// composite.cpp -- softmax, losses and gather against plain code in double; extreme scores; their derivatives.
#include <knit/op/composite.hpp>

#include <knit/program.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

using namespace knit;

namespace {

constexpr int classes = 10, instance_count = 7;
using scores_type = tensor<float, classes, instance_count>;
using labels_type = tensor<std::int32_t, instance_count>;

/// Scores of all sizes: column 0 moderate, 1 at 1e4, 2 at -1e4, 3 both, 4 all equal, 5 one far above, 6 small.
scores_type scores() {
  scores_type z;
  for (int i = 0; i < classes; ++i) {
    const float wave = std::sin(float(1 + i));
    z(i, 0) = 2 * wave;
    z(i, 1) = 1e4f + wave;
    z(i, 2) = -1e4f + wave;
    z(i, 3) = i % 2 ? 1e4f : -1e4f;
    z(i, 4) = 3;
    z(i, 5) = i == 4 ? 1e4f : wave;
    z(i, 6) = 1e-3f * wave;
  }
  return z;
}
labels_type labels() { return {0, 3, 9, 1, 5, 4, 2}; }

// ---- plain code in double ----
double plain_logsumexp(std::vector<double> const& z) {
  double m = -std::numeric_limits<double>::infinity(), s = 0;
  for (double v : z) m = std::max(m, v);
  for (double v : z) s += std::exp(v - m);
  return m + std::log(s);
}
std::vector<double> column(scores_type const& z, int n) {
  std::vector<double> c;
  for (int i = 0; i < classes; ++i) c.push_back(double(z(i, n)));
  return c;
}
double plain_softmax(scores_type const& z, int i, int n) { return std::exp(double(z(i, n)) - plain_logsumexp(column(z, n))); }
double plain_nll(scores_type const& z, labels_type const& l) {
  double s = 0;
  for (int n = 0; n < instance_count; ++n) s += plain_logsumexp(column(z, n)) - double(z(int(l[n]), n));
  return s / instance_count;
}

/// Within a few roundings of float, of the value and of 1.
void expect_near(double got, double right, double scale = 1) {
  EXPECT_TRUE(std::isfinite(got));
  EXPECT_NEAR(got, right, 2e-6 * (scale + std::abs(right)));
}

/// One result of a functor over plain arrays, on a backend of choice.
template <class F, class... X> struct spec_of {
  using argument_tag = spec_of;
  static constexpr int first_argument = 0, argument_count = sizeof...(X);
  static constexpr std::array<leaf_info, sizeof...(X)> leaves{detail::leaf_of_array<X>...};
  template <std::size_t... I> static auto trace(std::index_sequence<I...>)
      -> decltype(call_functor(F{}, argument<spec_of, int(I), typename X::extents_type>{}...));
  using traced = decltype(trace(std::index_sequence_for<X...>{}));
  using results = mp::mp_list<result<typename traced::graph>>;
};
template <class F, class... X> auto run(F, X const&... x) {
  using spec = spec_of<F, X...>;
  void const* leaves[] = {x.data()...};
  std::vector<float> on_lanes(std::size_t(spec::traced::shape.size()) + 1), scalar(on_lanes);
  void *to_lanes[] = {on_lanes.data()}, *to_scalar[] = {scalar.data()};
  typename simd_backend::program<spec>().run(leaves, to_lanes);
  typename scalar_backend<float>::program<spec>().run(leaves, to_scalar);
  for (std::size_t i = 0; i < scalar.size(); ++i)
    EXPECT_NEAR(on_lanes[i], scalar[i], 2e-6 * (1 + std::abs(scalar[i]))) << "backends differ at element " << i;
  return on_lanes;
}

TEST(a_condition, may_be_one_bool_for_all_elements) {
  tensor<float, 3> a{1, 2, 3}, b{4, 5, 6};
  for (bool first : {true, false}) {
    tensor y = select(first, a, b);
    for (long i = 0; i < 3; ++i) EXPECT_EQ(y[i], first ? a[i] : b[i]);
  }
}

TEST(a_condition, of_live_arrays_is_computed_where_it_is_asked_for) {
  tensor<float, 3> x{1, 2, 3};
  EXPECT_TRUE(sum(x) > 5 && !(sum(x) > 6));
  x = x + 1;
  EXPECT_TRUE(sum(x) > 6 || sum(x) < 0);
}

}  // namespace

TEST(softmax, is_exp_over_its_sum) {
  auto const z = scores();
  auto const y = run([](auto x) { return softmax<0>(x); }, z);
  for (int n = 0; n < instance_count; ++n) {
    double total = 0;
    for (int i = 0; i < classes; ++i) {
      expect_near(y[std::size_t(i + n * classes)], plain_softmax(z, i, n));
      total += y[std::size_t(i + n * classes)];
    }
    expect_near(total, 1);
  }
}
TEST(softmax, over_rows_and_over_all) {
  tensor<float, 2, 3> z{1, 2, 3, -1, 0.5f, 4};
  auto const rows = run([](auto x) { return softmax<1>(x); }, z);
  auto const all = run([](auto x) { return softmax(x); }, z);
  for (int i = 0; i < 2; ++i)
    for (int n = 0; n < 3; ++n) {
      const double e = std::exp(double(z(i, n)));
      const double row = std::exp(double(z(i, 0))) + std::exp(double(z(i, 1))) + std::exp(double(z(i, 2)));
      double total = 0;
      for (long k = 0; k < 6; ++k) total += std::exp(double(z[k]));
      expect_near(rows[std::size_t(i + 2 * n)], e / row);
      expect_near(all[std::size_t(i + 2 * n)], e / total);
    }
}
TEST(logsoftmax, is_the_logarithm_of_softmax) {
  auto const z = scores();
  auto const y = run([](auto x) { return logsoftmax<0>(x); }, z);
  for (int n = 0; n < instance_count; ++n)
    for (int i = 0; i < classes; ++i) expect_near(y[std::size_t(i + n * classes)], double(z(i, n)) - plain_logsumexp(column(z, n)));
}
TEST(logsumexp, of_columns_and_of_all) {
  auto const z = scores();
  auto const y = run([](auto x) { return logsumexp<0>(x); }, z);
  for (int n = 0; n < instance_count; ++n) expect_near(y[std::size_t(n)], plain_logsumexp(column(z, n)));
  std::vector<double> everything;
  for (long i = 0; i < z.size(); ++i) everything.push_back(double(z[i]));
  expect_near(run([](auto x) { return logsumexp(x); }, z)[0], plain_logsumexp(everything));
}

TEST(nll, is_the_mean_of_minus_log_likelihoods) {
  auto const z = scores();
  auto const l = labels();
  expect_near(run([](auto x, auto y) { return nll(x, y); }, z, l)[0], plain_nll(z, l));
  tensor<std::uint8_t, instance_count> bytes{0, 3, 9, 1, 5, 4, 2};
  expect_near(run([](auto x, auto y) { return nll(x, y); }, z, bytes)[0], plain_nll(z, l));
}
TEST(nll, of_a_wrong_and_certain_answer_is_the_distance) {
  tensor<float, 2, 1> z{1e4f, -1e4f};
  EXPECT_FLOAT_EQ(run([](auto x, auto y) { return nll(x, y); }, z, tensor<std::int32_t, 1>{1})[0], 2e4f);
  EXPECT_FLOAT_EQ(run([](auto x, auto y) { return nll(x, y); }, z, tensor<std::int32_t, 1>{0})[0], 0.f);
}
TEST(nll, has_the_gradient_softmax_minus_one_hot_over_n) {
  auto const z = scores();
  auto const l = labels();
  auto const g = run([](auto x, auto y) { return grad<0>(diff([](auto a, auto b) { return nll(a, b); })(x, y)); }, z, l);
  for (int n = 0; n < instance_count; ++n)
    for (int i = 0; i < classes; ++i)
      expect_near(g[std::size_t(i + n * classes)], (plain_softmax(z, i, n) - (l[n] == i)) / instance_count, 0.1);
}

TEST(mse, is_the_mean_of_squares) {
  tensor<float, 3, 2> y{1, 2, 3, 4, 5, 6}, t{1, 1, 1, -1, 0.5f, 1e3f};
  double right = 0;
  for (long i = 0; i < 6; ++i) right += double(y[i] - t[i]) * double(y[i] - t[i]) / 6;
  expect_near(run([](auto a, auto b) { return mse(a, b); }, y, t)[0], right);
  auto const g = run([](auto a, auto b) { return grad<0>(diff([](auto p, auto q) { return mse(p, q); })(a, b)); }, y, t);
  for (long i = 0; i < 6; ++i) expect_near(g[std::size_t(i)], double(y[i] - t[i]) / 3);
}

TEST(logsumexp, has_softmax_times_one_minus_softmax_on_the_diagonal_of_its_second_derivative) {
  tensor<float, 5> z{0.5f, -1, 2, 0, 1.5f};
  double total = 0;
  for (long i = 0; i < 5; ++i) total += std::exp(double(z[i]));
  // Row k of the second derivative is the gradient of element k of the gradient, here with k's unit vector as weights.
  for (int k = 0; k < 5; ++k) {
    tensor<float, 5> unit;
    unit[k] = 1;
    auto const row = run(
        [](auto x, auto u) {
          auto first = [u](auto a) { return dot(grad<0>(diff([](auto b) { return logsumexp(b); })(a)), u); };
          return grad<0>(diff(first)(x));
        },
        z, unit);
    const double pk = std::exp(double(z[k])) / total;
    for (int i = 0; i < 5; ++i) {
      const double pi = std::exp(double(z[i])) / total;
      expect_near(row[std::size_t(i)], i == k ? pk * (1 - pk) : -pk * pi, 0.1);
    }
  }
}
TEST(logsumexp, has_finite_second_derivatives_at_extreme_scores) {
  tensor<float, 4> z{1e4f, -1e4f, 1e4f, 0};
  auto const row = run(
      [](auto x) {
        return grad<0>(diff([](auto a) { return sum(square(grad<0>(diff([](auto b) { return logsumexp(b); })(a)))); })(x));
      },
      z);
  // With p = (1/2, 0, 1/2, 0): the gradient of sum(p^2) is 2 p (p - sum(p^2)) = 0.
  for (int i = 0; i < 4; ++i) expect_near(row[std::size_t(i)], 0);
}

TEST(gather, takes_the_element_that_the_label_names_and_0_outside) {
  tensor<float, 3, 5> a{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  auto const y = run([](auto x, auto l) { return gather(x, l); }, a, tensor<std::int32_t, 5>{2, 0, -1, 3, 1});
  const float right[] = {3, 4, 0, 0, 14};
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(y[i], right[i]);
}
TEST(gather, passes_gradient_to_named_elements_alone) {
  tensor<float, 3, 4> a(1.f);
  auto const g = run([](auto x, auto l) { return grad<0>(diff([](auto p, auto q) { return gather(p, q); })(x, l)); }, a,
                     tensor<std::int32_t, 4>{2, 0, -1, 3});
  for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(g[i], i == 2 || i == 3 ? 1.f : 0.f);
}
TEST(gather, of_infinite_scores_that_no_label_names_is_finite) {
  constexpr float inf = std::numeric_limits<float>::infinity();
  tensor<float, 3, 2> a{-inf, 2, inf, 4, std::numeric_limits<float>::quiet_NaN(), 6};
  auto const y = run([](auto x, auto l) { return gather(x, l); }, a, tensor<std::int32_t, 2>{1, 2});
  EXPECT_EQ(y[0], 2);
  EXPECT_EQ(y[1], 6);
}
