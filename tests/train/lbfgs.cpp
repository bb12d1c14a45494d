// SPDX-License-Identifier: BSL-1.0
// lbfgs.cpp -- in: train/lbfgs.hpp. out: Rosenbrock's valley to its end, the optimum that SciPy finds of a logistic
// regression (tests/data/logistic.py), a range as others are, nothing allocated on the way.

#include <knit/knit.hpp>
#include <knit/train/lbfgs.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <new>
#include <stdexcept>
#include <vector>

#include "../unit.hpp"

namespace {
std::atomic<long> allocations{0};
}
[[gnu::noinline]] void* operator new(std::size_t n, std::align_val_t alignment) {
  ++allocations;
  const auto a = std::size_t(alignment);
  if (void* p = std::aligned_alloc(a, (n + a - 1) / a * a)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t n) { return operator new(n, std::align_val_t(16)); }
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

namespace {

using namespace knit;

/// (a - u)^2 + b (v - u^2)^2
template <class U, class V> struct valley {
  BOOST_HANA_DEFINE_STRUCT(valley, (U, u), (V, v));
  template <class A, class B> constexpr auto operator()(A const& a, B const& b) const {
    return sum(square(a - u) + b % square(v - square(u)));
  }
};
template <class T> auto make_valley(double u, double v) {
  return valley<tensor<T, 1>, tensor<T, 1>>{tensor<T, 1>(T(u)), tensor<T, 1>(T(v))};
}
const tensor<double, 1> a(1), b(100);

TEST(lbfgs, goes_through_the_valley) {
  auto model = make_valley<double>(-1.2, 1);
  std::vector<double> losses;
  lbfgs(model, a, b, {.gtol = 1e-9, .ftol = 0}) | record(losses) | run();
  EXPECT_DOUBLE_EQ(losses.at(0), 24.2);
  for (std::size_t i = 1; i < losses.size(); ++i) EXPECT_LT(losses[i], losses[i - 1]);
  EXPECT_LT(losses.size(), 50u);
  EXPECT_NEAR(model.u[0], 1, 1e-9);
  EXPECT_NEAR(model.v[0], 1, 1e-9);
}
TEST(lbfgs, ends_in_float) {
  auto model = make_valley<float>(-1.2, 1);
  const tensor<float, 1> one(1.f), hundred(100.f);
  EXPECT_LT((lbfgs(model, one, hundred, {.gtol = 0, .ftol = 0}) | run()), 200);  // as no number of float is better
  EXPECT_NEAR(model.u[0], 1, 1e-3);
  EXPECT_NEAR(model.v[0], 1, 1e-3);
}

TEST(lbfgs, is_a_range) {
  auto model = make_valley<double>(-1.2, 1), other = model;
  auto losses = lbfgs(model, a, b, {.gtol = 1e-6, .ftol = 0});
  EXPECT_EQ(model.u[0], -1.2);  // nothing is done before it is asked for
  const long before = allocations;
  auto it = losses.begin();
  for (int i = 0; i < 5; ++i, ++it) EXPECT_GT(*it, 0);
  EXPECT_EQ(allocations, before);
  std::vector<double> again;
  lbfgs(other, a, b, {.gtol = 1e-6, .ftol = 0}) | take(5) | record(again) | run();
  EXPECT_EQ(other.u[0], model.u[0]);  // five losses are five iterations
  const double there = model.u[0];
  losses | record(again) | run();
  EXPECT_LT(again.at(5), again.at(4));  // a second pass goes on from where the model is
  EXPECT_NE(model.u[0], there);
  EXPECT_EQ((losses | run()), 1);  // at the optimum there is one loss
  auto nowhere = make_valley<double>(NAN, 1);
  EXPECT_EQ((lbfgs(nowhere, a, b) | run()), 1);
  EXPECT_THROW(lbfgs(model, a, b, {.memory = 4 - int(again.size())}), std::invalid_argument);
}

/// The sum of a |w|, whose root has no derivative at 0.
template <class W> struct roots {
  BOOST_HANA_DEFINE_STRUCT(roots, (W, w));
  template <class A> constexpr auto operator()(A const& a) const { return sum(a % sqrt(square(w))); }
};
TEST(lbfgs, says_where_it_cannot_begin) {
  roots<tensor<double, 2>> model{tensor<double, 2>{1, 0}};
  const tensor<double, 2> one(1);
  try {
    lbfgs(model, one) | run();
    ADD_FAILURE();
  } catch (std::runtime_error const& e) {
    EXPECT_STREQ(e.what(), "knit: lbfgs begins where the loss is 1.000000 and its gradient is infinite or no number, as that of a "
                           "root at 0 is; begin elsewhere");
  }
  EXPECT_EQ(model.w[0], 1);
  model.w[1] = 0.5;
  EXPECT_GT((lbfgs(model, one) | run()), 0);
}

constexpr int features = 6, classes = 4, instances = 60;
template <class W, class B> struct logistic {
  BOOST_HANA_DEFINE_STRUCT(logistic, (W, w), (B, b));
  template <class X, class Y> constexpr auto operator()(X const& x, Y const& y) const {
    return nll(w * x + b, y) + 0.01_c * sum(square(w));
  }
};

TEST(lbfgs, finds_the_optimum_of_a_logistic_regression) {
  using scripts::unit;
  tensor<double, features, instances> x;
  tensor<std::uint8_t, instances> y;
  x.fill([](long i) { return 2 * unit(std::uint32_t(i)); });
  y.fill([](long i) { return std::uint8_t(2 * (unit(std::uint32_t(1000 + i)) + 1)); });
  logistic<tensor<double, classes, features>, tensor<double, classes>> model;
  double loss = 0;
  for (double now : lbfgs(model, x, y, {.gtol = 1e-9, .ftol = 0})) loss = now;
  std::ifstream file(KNIT_TEST_DATA "/logistic.txt");
  auto is_stored = [&](double value) {
    double stored;
    ASSERT_TRUE(file >> stored);
    EXPECT_NEAR(value, stored, 1e-7);
  };
  is_stored(loss);
  for (int c = 0; c < classes; ++c)
    for (int f = 0; f < features; ++f) is_stored(model.w(c, f));
  for (int c = 0; c < classes; ++c) is_stored(model.b[c]);
}

}  // namespace
