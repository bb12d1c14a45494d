// SPDX-License-Identifier: BSL-1.0
// trust_region.cpp -- in: optim/trust_region.hpp and drawn problems. out: its steps solve them: (J'J + lambda D^2) h =
// -J'r with lambda 0 within the radius, else with a length that is about the radius.

#include <knit/knit.hpp>
#include <knit/optim/trust_region.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "../unit.hpp"

namespace {

using knit::trust_region;

struct problem {
  int rows, columns;
  std::vector<double> j, r;
  double at(int i, int k) const { return j[std::size_t(k * rows + i)]; }
};
/// Column k is in units of 10^(3 k).
problem drawn(int rows, int columns, std::uint32_t seed) {
  problem p{rows, columns, {}, {}};
  for (int k = 0; k < columns; ++k)
    for (int i = 0; i < rows; ++i) p.j.push_back(std::pow(1e3, k) * scripts::unit(1000 * seed + std::uint32_t(k * rows + i)));
  for (int i = 0; i < rows; ++i) p.r.push_back(scripts::unit(1000 * seed + 500 + std::uint32_t(i)));
  return p;
}
void solves(problem const& p, double radius) {
  trust_region region(p.rows, p.columns);
  ASSERT_TRUE(region.linearise(p.j.data(), p.r.data(), p.rows));
  std::vector<double> h(std::size_t(p.columns)), d(h), downhill(h), jh(p.r);
  region.step(radius, h.data());
  double before = 0, after = 0, linear = 0, length = 0;
  for (int i = 0; i < p.rows; ++i) {
    double row = 0;
    for (int k = 0; k < p.columns; ++k) row += p.at(i, k) * h[std::size_t(k)];
    before += p.r[std::size_t(i)] * p.r[std::size_t(i)];
    linear += row * row;
    jh[std::size_t(i)] += row;
    after += jh[std::size_t(i)] * jh[std::size_t(i)];
  }
  for (int k = 0; k < p.columns; ++k) {
    double square = 0;
    for (int i = 0; i < p.rows; ++i) {
      square += p.at(i, k) * p.at(i, k);
      downhill[std::size_t(k)] -= p.at(i, k) * jh[std::size_t(i)];
    }
    d[std::size_t(k)] = std::sqrt(square);
    length += square * h[std::size_t(k)] * h[std::size_t(k)];
  }
  length = std::sqrt(length);
  const double damping = region.damped() / (length * length);
  EXPECT_NEAR(region.length(h.data()), length, 1e-12 * length);
  EXPECT_LE(length, 1.1001 * radius);
  EXPECT_GE(length, damping > 0 ? 0.8999 * radius : 0);
  EXPECT_NEAR(region.linear(), linear, 1e-9 * before);
  EXPECT_NEAR(before - after, linear + 2 * region.damped(), 1e-9 * before);
  for (std::size_t k = 0; k < h.size(); ++k) EXPECT_NEAR(downhill[k] / d[k], damping * d[k] * h[k], 1e-9 * std::sqrt(before)) << k;
}

TEST(trust_region, steps_solve_drawn_problems) {
  for (std::uint32_t seed = 0; seed < 20; ++seed)
    for (double radius : {1e-6, 1e-3, 0.1, 0.5, 1., 10., 1e3}) {
      solves(drawn(7, 4, seed), radius);
      solves(drawn(4, 4, seed), radius);
    }
}
TEST(trust_region, takes_columns_that_depend_on_each_other) {
  for (std::uint32_t seed = 0; seed < 20; ++seed)
    for (double radius : {1e-6, 1e-3, 0.1, 0.3}) {
      solves(drawn(3, 5, seed), radius);  // fewer rows than columns
      problem p = drawn(7, 3, seed);
      std::copy_n(p.j.begin(), 7, p.j.begin() + 14);
      solves(p, radius);
    }
}
TEST(trust_region, knows_the_least_and_what_is_no_number) {
  problem p{3, 1, {1, 1, 0}, {1, -1, 5}};
  trust_region region(3, 1);
  EXPECT_TRUE(region.linearise(p.j.data(), p.r.data(), 3));
  EXPECT_EQ(region.steepest(), 0);
  p.r[0] = 4;
  EXPECT_TRUE(region.linearise(p.j.data(), p.r.data(), 3));
  EXPECT_NEAR(region.steepest(), 3 / std::sqrt(2.0 * 42), 1e-12);
  p.j[1] = INFINITY;
  EXPECT_FALSE(region.linearise(p.j.data(), p.r.data(), 3));
}

}  // namespace
