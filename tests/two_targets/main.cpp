// SPDX-License-Identifier: BSL-1.0
// main.cpp -- in: two units of one program, for different processors. out: each runs its own code, and both are right.

#include "unit.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace {

using namespace two_targets;

weight some_weight() {
  weight w;
  w.fill([](long i) { return float(i * 37 % 101) / 100 - 0.5f; });
  return w;
}
inputs some_inputs() {
  inputs x;
  x.fill([](long i) { return float(i * 53 % 97) / 50 - 1; });
  return x;
}
double product(weight const& w, inputs const& x, int i, int n) {
  double s = 0;
  for (int k = 0; k < 21; ++k) s += double(w(i, k)) * double(x(k, n));
  return s;
}

void check(unit const& u) {
  const auto x = some_inputs();
  auto w = some_weight();
  const auto y = u.assign(w, x);
  double total = 0;
  for (int i = 0; i < 37; ++i)
    for (int n = 0; n < 50; ++n) {
      ASSERT_NEAR(y(i, n), std::tanh(product(w, x, i, n)) + 1, 1e-5);
      total += product(w, x, i, n);
    }
  EXPECT_NEAR(u.mean(w, x), total / (37 * 50), 1e-5);

  auto loss = [&](weight const& at) {
    double s = 0;
    for (int i = 0; i < 37; ++i)
      for (int n = 0; n < 50; ++n) s += std::pow(std::tanh(product(at, x, i, n)), 2);
    return s / (37 * 50);
  };
  const double before = loss(w);
  u.update(w, x);
  const double after = loss(w);
  EXPECT_LT(after, before);
  EXPECT_LT(loss(w), after + 1e-12);
  EXPECT_NEAR(u.train(w, x, 1), after, 1e-5);
  u.train(w, x, 20);
  EXPECT_LT(loss(w), 0.7 * after);
}

TEST(two_targets, are_each_right) {
  check(native());
  check(older());
}
TEST(two_targets, run_their_own_code) {
  EXPECT_EQ(older().lanes, 4);
  EXPECT_NE(older().target, native().target);
  EXPECT_GE(native().lanes, 8);
}
TEST(two_targets, agree) {
  auto a = some_weight(), b = some_weight();
  const auto x = some_inputs();
  for (int round = 0; round < 3; ++round) native().train(a, x, 5), older().train(b, x, 5);
  for (long i = 0; i < weight::size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-4);
}

}  // namespace
