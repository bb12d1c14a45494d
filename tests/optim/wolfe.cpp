// SPDX-License-Identifier: BSL-1.0
// wolfe.cpp -- in: optim/wolfe.hpp and functions of More and Thuente's paper. out: both conditions hold where a search
// ends.

#include <knit/knit.hpp>
#include <knit/optim/wolfe.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <utility>

namespace {

using knit::line_point;
using knit::strong_wolfe;

/// f(at) gives value and slope. From steps of all sizes it ends at a point that was asked for last and meets both
/// conditions.
template <class F> void ends_well(F const& f) {
  auto point = [&](double at) {
    const auto [value, slope] = f(at);
    return line_point{at, value, slope};
  };
  const line_point start = point(0);
  for (double first : {1e-3, 1e-1, 1e1, 1e3}) {
    line_point last = start;
    int asked = 0;
    const line_point p = strong_wolfe([&](double at) { return ++asked, last = point(at); }, start, first);
    EXPECT_EQ(p.at, last.at) << first;
    EXPECT_LE(p.value, start.value + 1e-4 * p.at * start.slope) << first;
    EXPECT_LE(std::abs(p.slope), 0.9 * std::abs(start.slope)) << first;
    EXPECT_GT(p.at, 0) << first;
    EXPECT_LE(asked, 50) << first;
  }
}
using pair = std::pair<double, double>;

TEST(wolfe, ends_where_both_conditions_hold) {
  ends_well([](double a) { return pair((a - 2) * (a - 2), 2 * (a - 2)); });
  ends_well([](double a) { return pair(-a / (a * a + 2), (a * a - 2) / ((a * a + 2) * (a * a + 2))); });
  ends_well([](double a) {
    const double b = a + 0.004;
    return pair(std::pow(b, 5) - 2 * std::pow(b, 4), 5 * std::pow(b, 4) - 8 * std::pow(b, 3));
  });
  for (auto [b1, b2] : {pair(0.001, 0.001), pair(0.01, 0.001), pair(0.001, 0.01)})
    ends_well([b1 = b1, b2 = b2](double a) {
      const double c1 = std::sqrt(1 + b1 * b1) - b1, c2 = std::sqrt(1 + b2 * b2) - b2;
      const double r1 = std::hypot(1 - a, b2), r2 = std::hypot(a, b1);
      return pair(c1 * r1 + c2 * r2, c1 * (a - 1) / r1 + c2 * a / r2);
    });
}
TEST(wolfe, keeps_away_from_what_is_no_number) {
  ends_well([](double a) { return pair(-std::log(1 - a) - 3 * a, 1 / (1 - a) - 3); });
}
TEST(wolfe, returns_the_start_where_nothing_is_lower) {
  const line_point start{0, 1, -1};
  EXPECT_EQ(strong_wolfe([](double at) { return line_point{at, 2, -1}; }, start, 1).at, 0);
  EXPECT_EQ(strong_wolfe([](double at) { return line_point{at, NAN, 0}; }, start, 1).at, 0);
}

}  // namespace
