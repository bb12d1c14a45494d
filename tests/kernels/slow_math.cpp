// SPDX-License-Identifier: BSL-1.0
// slow_math.cpp -- in: simd/math. out: exp, log, sin, cos, tanh, sigm of every float there is, against the C library in double.

#include <knit_kernels/simd/math.hpp>
#include <knit_kernels/team.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <vector>

namespace {

using knit::simd::lanes;
namespace simd = knit::simd;

constexpr double wrong = std::numeric_limits<double>::infinity();

/// The error of `got` in units in the last place of the float nearest to `want`, those of denormals being the least
/// denormal. Infinity where no rounding excuses `got`: NaN for a number or a number for NaN, a sign, infinity for what
/// is far from it, a finite value for what is beyond all floats.
double error(float got, double want) {
  auto const bits = std::bit_cast<std::uint64_t>(want);
  if (want != want || got != got) return want != want && got != got ? 0 : wrong;
  if (std::signbit(got) != (bits >> 63 != 0)) return wrong;
  double const size = std::abs(want), over = 0x1p128;
  if (size >= over) return std::isinf(got) ? 0 : wrong;
  auto const exponent = std::max(int(bits >> 52 & 0x7ff) - 1023, -126);
  double const units = std::bit_cast<double>(std::uint64_t(1023 + 23 - exponent) << 52);  // in 1
  return std::abs((std::isinf(got) ? over : std::abs(double(got))) - size) * units;
}

struct worst {
  double most = 0;
  std::uint32_t at = 0;
  void see(double e, std::uint32_t bits) {
    if (e > most) most = e, at = bits;
  }
};

/// The greatest error of `fast`, a function of lanes, over all floats; `right` gives the value in double.
template <class Fast, class Right> worst over_all_floats(Fast fast, Right right) {
  constexpr std::uint32_t block = 1 << 16;
  static_assert(block % lanes::count == 0);
  int const threads = simd::team::cores();
  std::vector<worst> found(static_cast<std::size_t>(threads));
  std::atomic<std::uint32_t> next{0};
  bool const ran = simd::team::of_process().run(threads, [&](int thread) {
    worst mine;
    alignas(64) float x[lanes::count], y[lanes::count];
    for (std::uint32_t b; (b = next.fetch_add(1, std::memory_order_relaxed)) < (std::uint64_t(1) << 32) / block;)
      for (std::uint32_t i = 0; i < block; i += lanes::count) {
        for (int l = 0; l < lanes::count; ++l) x[l] = std::bit_cast<float>(b * block + i + std::uint32_t(l));
        simd::store_aligned(y, fast(simd::load_aligned(x)));
        for (int l = 0; l < lanes::count; ++l) mine.see(error(y[l], right(double(x[l]))), b * block + i + std::uint32_t(l));
      }
    found[static_cast<std::size_t>(thread)] = mine;
  });
  EXPECT_TRUE(ran);
  return *std::max_element(found.begin(), found.end(), [](worst a, worst b) { return a.most < b.most; });
}

template <class Fast, class Right> void check(char const* name, double bound, Fast fast, Right right) {
  worst const w = over_all_floats(fast, right);
  float const at = std::bit_cast<float>(w.at);
  std::printf("%-5s %8.4f ulp at %-15.9g (%a)\n", name, w.most, double(at), double(at));
  EXPECT_LE(w.most, bound) << name << '(' << at << ") = " << simd::hn::GetLane(fast(lanes(at)).v) << ", not " << right(double(at));
}

// The bounds are those of targets without a fused multiply-add; others stay below 1 in exp and log.

TEST(SlowMath, Exp) {
  auto const fast = [](lanes x) { return simd::exp(x); };
  check("exp", 1.25, fast, [](double x) { return std::exp(x); });
}
TEST(SlowMath, Log) {
  auto const fast = [](lanes x) { return simd::log(x); };
  check("log", 1.5, fast, [](double x) { return std::log(x); });
}
TEST(SlowMath, Sin) {
  auto const fast = [](lanes x) { return simd::sin(x); };
  check("sin", 2, fast, [](double x) { return std::sin(x); });
}
TEST(SlowMath, Cos) {
  auto const fast = [](lanes x) { return simd::cos(x); };
  check("cos", 2, fast, [](double x) { return std::cos(x); });
}
TEST(SlowMath, Tanh) {
  auto const fast = [](lanes x) { return simd::tanh(x); };
  check("tanh", 2.75, fast, [](double x) { return std::tanh(x); });
}
TEST(SlowMath, Sigm) {
  auto const fast = [](lanes x) { return simd::sigm(x); };
  check("sigm", 2.5, fast, [](double x) { return 1 / (1 + std::exp(-x)); });
}

}  // namespace
