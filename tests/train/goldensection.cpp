// SPDX-License-Identifier: BSL-1.0
// goldensection.cpp -- in: train/goldensection.hpp, functions whose minima are known. out: these, and a call for each factor of
// 0.618 on the way.

#include <knit/knit.hpp>
#include <knit/train/goldensection.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <stdexcept>
#include <vector>

namespace {

using namespace knit;
using point = std::vector<double>;

TEST(goldensection, needs_a_call_for_each_golden_ratio) {
  int calls = 0;
  const auto f = [&](point const& x) { return ++calls, std::cosh(x[0] - std::numbers::e); };
  std::vector<int> needed;
  for (double dxmin : {1e-1, 1e-2, 1e-3, 1e-4}) {
    calls = 0;
    const auto m = goldensection(f, 1, {.dxmin = dxmin});
    EXPECT_NEAR(m.x[0], std::numbers::e, std::numbers::phi * dxmin);  // the last steps that were tried
    EXPECT_EQ(m.value, std::cosh(m.x[0] - std::numbers::e));
    needed.push_back(calls);
  }
  const double each = std::log(10) / std::log(std::numbers::phi);  // 4.8 calls for a digit
  for (std::size_t k = 1; k < needed.size(); ++k) EXPECT_NEAR(needed[k] - needed[0], double(k) * each, 1.0) << k;
}

TEST(goldensection, of_three_numbers) {
  const auto f = [](point const& x) {
    return std::pow(x[0] - 3, 2) + 10 * std::pow(x[1] + 5, 2) + 0.1 * std::pow(x[2] - 20, 2) + 0.5 * (x[0] - 3) * (x[1] + 5);
  };
  const auto m = goldensection(f, 3, {.dxmin = 1e-4});
  EXPECT_NEAR(m.x[0], 3, 2e-3);
  EXPECT_NEAR(m.x[1], -5, 2e-3);
  EXPECT_NEAR(m.x[2], 20, 2e-3);
}

TEST(goldensection, begins_at_zero_and_goes_one_far) {
  std::vector<point> seen;
  goldensection([&](point const& x) { return seen.push_back(x), x[0] * x[0] + x[1] * x[1]; }, 2, {.dxmin = 0.5});
  ASSERT_GE(seen.size(), 4u);
  EXPECT_EQ(seen[0], (point{0, 0}));
  EXPECT_EQ(seen[1], (point{1, 0}));
  EXPECT_EQ(seen[2], (point{0, 1}));  // of which nothing is known, so the gain may be any
  for (std::size_t i = 0; i < seen.size(); ++i)
    for (std::size_t k = 0; k < i; ++k) EXPECT_NE(seen[i], seen[k]);
}

TEST(goldensection, passes_by_what_is_no_number) {
  const auto f = [](point const& x) { return x[0] > 1.5 ? std::nan("") : x[0] < -4 ? INFINITY : std::abs(x[0] - 1.25); };
  EXPECT_NEAR(goldensection(f, 1, {.dxmin = 1e-3}).x[0], 1.25, 2e-3);
  const auto nan_at_first = [](point const& x) { return x[0] == 0 ? std::nan("") : std::abs(x[0] - 2); };
  EXPECT_NEAR(goldensection(nan_at_first, 1, {.dxmin = 1e-3}).x[0], 2, 2e-3);
  EXPECT_TRUE(std::isnan(goldensection([](point const&) { return std::nan(""); }, 2).value));
}
TEST(goldensection, is_not_drawn_to_infinity) {
  const auto pole = [](point const& x) { return x[0] == 0 ? -INFINITY : std::abs(x[0] - 2); };
  EXPECT_NEAR(goldensection(pole, 1, {.dxmin = 1e-3}).x[0], 2, 2e-3);
  EXPECT_TRUE(std::isnan(goldensection([](point const&) { return INFINITY; }, 2).value));
  bool finite = true;
  const auto falling = [&](point const& x) { return finite = finite && std::isfinite(x[0]), -x[0]; };
  const auto m = goldensection(falling, 1);
  EXPECT_GT(m.x[0], 1e307);
  EXPECT_EQ(m.value, -m.x[0]);
  EXPECT_TRUE(finite);
}

TEST(goldensection, says_what_is_wrong) {
  const auto f = [](point const&) { return 0; };
  EXPECT_THROW(goldensection(f, 0), std::invalid_argument);
  EXPECT_THROW(goldensection(f, 1, {.dxmin = 0}), std::invalid_argument);
  EXPECT_THROW(goldensection(f, 1, {.accel = 1}), std::invalid_argument);
}

}  // namespace
