// SPDX-License-Identifier: BSL-1.0
// init.cpp -- in: nn/init.hpp. out: first values as known, bounds, moments, and what each value depends on.

#include <knit/nn/init.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace {

static_assert(knit::initializer<knit::xavier_uniform>);
static_assert(knit::initializer<knit::xavier_normal>);
static_assert(knit::initializer<knit::gaussian>);
static_assert(knit::initializer<knit::zeros>);
static_assert(!knit::initializer<int>);

constexpr std::int64_t far = std::int64_t{1} << 32;
constexpr std::int64_t elements[] = {0, 1, 2, far};

// The known values are from an independent implementation.

TEST(xavier_uniform, begins_as_known) {
  float const known[] = {0x1.b80d8ep-6f, 0x1.507ad6p-6f, 0x1.326ecep-4f, -0x1.adf00cp-5f};
  for (int k = 0; k < 4; ++k) EXPECT_EQ(knit::xavier_uniform{1}(0, elements[k], 256, 784), known[k]);
}

TEST(xavier_normal, begins_as_known) {
  float const known[] = {-0.0209075771f, -0.0413711555f, 0.000116307594f, -0.0778269917f};
  for (int k = 0; k < 4; ++k) EXPECT_FLOAT_EQ(knit::xavier_normal{1}(0, elements[k], 256, 784), known[k]);
}

TEST(gaussian, begins_as_known) {
  float const known[] = {1.91217899f, 0.995093465f, 1.38683414f, 0.878323197f};
  const knit::gaussian init{1, 0.5f, 2};
  for (int k = 0; k < 4; ++k) EXPECT_FLOAT_EQ(init(std::uint64_t{1} << 40, elements[k], 256, 784), known[k]);
}

TEST(gaussian, is_narrow_around_zero_unless_told) {
  const knit::gaussian plain{7}, told{7, 0, 0.01f};
  EXPECT_EQ(plain(0, 0, 1, 1), told(0, 0, 1, 1));
}

TEST(zeros, is_zero) { static_assert(knit::zeros{}(3, 4, 5, 6) == 0); }

struct moments {
  double mean = 0, variance = 0, least = 0, most = 0;
};
constexpr int rows = 300, cols = 500, count = rows * cols;
template <knit::initializer F> moments measure(F const& init) {
  moments m;
  double squares = 0;
  for (int i = 0; i < count; ++i) {
    double const v = init(11, i, rows, cols);
    m.mean += v / count;
    squares += v * v / count;
    m.least = std::min(m.least, v);
    m.most = std::max(m.most, v);
  }
  m.variance = squares - m.mean * m.mean;
  return m;
}

// Tolerances are four standard deviations of the estimate over `count` values.

TEST(xavier_uniform, fills_its_interval_and_no_more) {
  double const a = 3 * std::sqrt(6. / (rows + cols));
  const moments m = measure(knit::xavier_uniform{2, 3});
  EXPECT_GE(m.least, -a * (1 + 1e-7));
  EXPECT_LE(m.most, a * (1 + 1e-7));
  EXPECT_LT(m.least, -0.9995 * a);
  EXPECT_GT(m.most, 0.9995 * a);
  EXPECT_NEAR(m.mean, 0, 4 * a / std::sqrt(3. * count));
  EXPECT_NEAR(m.variance, a * a / 3, 4 * a * a * std::sqrt(4. / 45 / count));
}

TEST(xavier_normal, has_its_variance) {
  double const variance = 9 * 2. / (rows + cols);
  const moments m = measure(knit::xavier_normal{2, 3});
  EXPECT_NEAR(m.mean, 0, 4 * std::sqrt(variance / count));
  EXPECT_NEAR(m.variance, variance, 4 * variance * std::sqrt(2. / count));
  EXPECT_GT(m.most, 4 * std::sqrt(variance));  // it has tails
}

TEST(gaussian, has_its_mean_and_deviation) {
  const moments m = measure(knit::gaussian{2, -1, 0.25f});
  EXPECT_NEAR(m.mean, -1, 4 * 0.25 / std::sqrt(double(count)));
  EXPECT_NEAR(m.variance, 0.0625, 4 * 0.0625 * std::sqrt(2. / count));
}

template <class F> class drawn : public testing::Test {};
using drawn_kinds = testing::Types<knit::xavier_uniform, knit::xavier_normal, knit::gaussian>;
TYPED_TEST_SUITE(drawn, drawn_kinds);

TYPED_TEST(drawn, depends_on_seed_stream_and_element) {
  auto const value = [](std::uint64_t seed, std::uint64_t stream, std::int64_t i) { return TypeParam{seed}(stream, i, 8, 8); };
  const std::uint64_t high = std::uint64_t{1} << 32;
  std::vector<float> all = {value(1, 1, 1),        value(2, 1, 1),        value(1, 2, 1),      value(1, 1, 2),
                            value(1 + high, 1, 1), value(1, 1 + high, 1), value(1, 1, 1 + far)};
  EXPECT_EQ(all[0], value(1, 1, 1));
  std::ranges::sort(all);
  EXPECT_EQ(std::ranges::adjacent_find(all), all.end());
}

TYPED_TEST(drawn, is_uncorrelated_between_neighbours_and_streams) {
  const TypeParam init{3};
  double square = 0, neighbours = 0, streams = 0;
  for (int i = 0; i < count; ++i) {
    double const v = init(0, i, rows, cols);
    square += v * v;
    neighbours += v * init(0, i + 1, rows, cols);
    streams += v * init(1, i, rows, cols);
  }
  EXPECT_NEAR(neighbours / square, 0, 4 / std::sqrt(double(count)));
  EXPECT_NEAR(streams / square, 0, 4 / std::sqrt(double(count)));
}

}  // namespace
