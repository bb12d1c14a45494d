// SPDX-License-Identifier: BSL-1.0
// cuda_mma.cpp -- in: mma.hpp on a host. out: rounding to bf16 is IEEE's, and all threads of a warp together have a product of
// matrices, as near to it in double as sums of float are.
#include <knit_kernels/cuda/mma.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace {

using namespace knit::cuda;

/// To 8 bits of significand by the arithmetic of double, which rounds to even.
double rounded(double x) {
  if (x == 0 || !std::isfinite(x)) return x;
  int e = 0;
  std::frexp(x, &e);
  const int last = std::max(e - 8, -133);  // the exponent of the last bit
  const double y = std::ldexp(std::nearbyint(std::ldexp(x, -last)), last);
  return std::abs(y) >= 0x1p128 ? std::copysign(INFINITY, y) : y;
}

TEST(rounding_to_bf16, is_to_the_nearest_and_to_even) {
  auto same = [](float x) {
    const float y = round_to_bf16(x, 0).first(), z = round_to_bf16(0, x).second();
    ASSERT_EQ(double(y), rounded(double(x))) << x;
    ASSERT_EQ(std::signbit(y), std::signbit(x)) << x;
    ASSERT_EQ(y, z) << x;
  };
  for (std::uint32_t upper = 0; upper < 0x10000; ++upper)  // all of bf16, and what lies between: at the middle and beside it
    for (const std::uint32_t lower : {0u, 1u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu}) {
      const float x = std::bit_cast<float>(upper << 16 | lower);
      if (x == x) same(x);
      else ASSERT_TRUE(std::isnan(round_to_bf16(x, 1).first()) && round_to_bf16(x, 1).second() == 1);
    }
}

template <int LeadA, int LeadB, int Rows, int Tiles> void multiplies() {
  constexpr int rows = 8 * Rows, columns = 8 * Tiles, terms = mma_terms;
  std::mt19937 random(Rows * 10 + Tiles);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<bf16_pair> a(terms / 2 * LeadA, {0x7fc07fc0}), b(terms / 2 * LeadB, {0x7fc07fc0});  // NaN where nothing may be read
  for (int k = 0; k < terms / 2; ++k) {
    for (int r = 0; r < rows; ++r) a[std::size_t(k * LeadA + r)] = round_to_bf16(uniform(random), uniform(random));
    for (int c = 0; c < columns; ++c) b[std::size_t(k * LeadB + c)] = round_to_bf16(uniform(random), uniform(random));
  }
  std::vector<int> seen(rows * columns);
  for (int t = 0; t < 32; ++t) {
    lane<float> sum[2 * Tiles][Rows];
    for (auto& column : sum)
      for (auto& x : column) x = 0.5f;
    mma<LeadA, LeadB, Rows, Tiles>(a.data(), b.data(), t, sum);
    for (int j = 0; j < 2 * Tiles; ++j)
      for (int i = 0; i < Rows; ++i) {
        const int r = t / 4 * Rows + i, c = j / 2 * 8 + t % 4 * 2 + j % 2;
        double right = 0.5, size = 0.5;
        for (int k = 0; k < terms / 2; ++k) {
          bf16_pair const x = a[std::size_t(k * LeadA + r)], y = b[std::size_t(k * LeadB + c)];
          right += double(x.first()) * y.first() + double(x.second()) * y.second();
          size += std::abs(double(x.first()) * y.first()) + std::abs(double(x.second()) * y.second());
        }
        ++seen[std::size_t(r * columns + c)];
        EXPECT_NEAR(sum[j][i].v, right, terms * 0x1p-24 * size) << r << ", " << c;
      }
  }
  EXPECT_EQ(seen, std::vector<int>(rows * columns, 1)) << "each sum is one thread's";
}
TEST(mma_on_a_host, is_a_product_of_matrices) {
  multiplies<40, 8, 4, 1>();
  multiplies<72, 24, 4, 2>();
  multiplies<24, 40, 2, 4>();
}

}  // namespace
