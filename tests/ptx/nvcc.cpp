// SPDX-License-Identifier: BSL-1.0
// nvcc.cpp -- in: kernels.cu as nvcc compiles it for two generations. out: what the kernels write is what the host
// computes, bit for bit where only exact or fused operations are involved.

#include "ptx/small.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <numeric>
#include <random>
#include <stdexcept>

namespace {

std::vector<float> noise(std::size_t n, float low = -1, float high = 1) {
  static std::mt19937 random(11);
  std::uniform_real_distribution<float> uniform(low, high);
  std::vector<float> v(n);
  for (float& x : v) x = uniform(random);
  return v;
}

/// By architecture.
class PtxNvcc : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
#ifndef KNIT_PTX_kernels_80
    GTEST_SKIP() << "no nvcc: its kernels are not run";
#endif
  }
  static ptx::module const& kernels() {
#ifdef KNIT_PTX_kernels_80
    static ptx::module const older = ptx::module::from_file(KNIT_PTX_kernels_80),
                             newer = ptx::module::from_file(KNIT_PTX_kernels_100);
    return GetParam() == 80 ? older : newer;
#else
    throw std::logic_error("skipped");
#endif
  }
  ptx::device d;
};
INSTANTIATE_TEST_SUITE_P(Sm, PtxNvcc, testing::Values(80, 100), [](auto const& p) { return std::to_string(p.param); });

TEST_P(PtxNvcc, EverythingIsKnown) {
  for (std::string const& name : kernels().kernels())
    for (std::string const& u : kernels().kernel(name).unknown) ADD_FAILURE() << name << ": " << u;
}

TEST_P(PtxNvcc, Elementwise) {
  struct arguments {
    float const *x, *y;
    float* out;
    float scale;
    int n, row;
  };
  int const n = 1003, row = 100;
  auto const x = noise(n), y = noise(row);
  std::vector<float> out(n);
  arguments const a{d.share(std::span(x), "x"), d.share(std::span(y), "y"), d.share(std::span(out), "out"), 0.3f, n, row};
  ptx::counters const c = d.run(kernels(), kernels().find("elementwise"), {.grid = 4, .block = 64, .seed = 2}, ptx::pack(a));
  for (int k = 0; k < n; ++k) EXPECT_EQ(out[std::size_t(k)], std::fma(0.3f, x[std::size_t(k)], y[std::size_t(k % row)]));
  EXPECT_EQ(c.fma, std::uint64_t(n));
  EXPECT_EQ(c.global_stores.bytes, std::uint64_t(4 * n));
  EXPECT_EQ(c("st.global.v4").lanes, 250u);
}

TEST_P(PtxNvcc, RowSums) {
  int const n = 1000;
  auto const x = noise(n * 3);
  std::vector<double> const wide(x.begin(), x.end());
  float* const out = d.allocate<float>(3);
  double* const wide_out = d.allocate<double>(3);
  for (const std::uint64_t seed : {0, 1, 2}) {
    d.run(kernels(), kernels().find("row_sums", "If"), {.grid = 3, .block = 128, .seed = seed}, ptx::pack(d.copy_in(x), out, n));
    d.run(kernels(), kernels().find("row_sums", "Id"), {.grid = 3, .block = 128, .seed = seed},
          ptx::pack(d.copy_in(wide), wide_out, n));
    for (std::size_t r = 0; r < 3; ++r) {
      // The order of the kernel: 128 sums, butterflies within warps, butterflies over the four warps.
      std::vector<float> sums(128), parts(32);
      for (std::size_t k = 0; k < std::size_t(n); ++k) sums[k % 128] += x[r * std::size_t(n) + k];
      auto const butterfly = [](float* p) {
        for (std::size_t o = 16; o; o /= 2) {
          std::vector<float> const before(p, p + 32);
          for (std::size_t l = 0; l < 32; ++l) p[l] = before[l] + before[l ^ o];
        }
        return p[0];
      };
      for (std::size_t w = 0; w < 4; ++w) parts[w] = butterfly(sums.data() + 32 * w);
      EXPECT_EQ(d.view(out)[r], butterfly(parts.data()));
      EXPECT_NEAR(d.view(wide_out)[r], std::accumulate(wide.begin() + n * int(r), wide.begin() + n * int(r + 1), 0.0), 1e-12);
    }
  }
}

TEST_P(PtxNvcc, TiledProduct) {
  int const m = 100, n = 256, k = 784;
  auto const a = noise(m * k), b = noise(k * n), row = noise(n);
  float* const c = d.allocate<float>(m * n);
  ptx::counters const counted = d.run(kernels(), kernels().find("gemm", "Li100ELi256ELi784E"), {.grid = {4, 2}, .block = 256},
                                      ptx::pack(d.copy_in(a, "a"), d.copy_in(b, "b"), d.copy_in(row, "row"), c));
  auto const view = d.view(c);
  for (int i = 0; i < m; ++i)
    for (int j = 0; j < n; ++j) {
      float sum = 0;
      for (int l = 0; l < k; ++l) sum = std::fma(a[std::size_t(i * k + l)], b[std::size_t(l * n + j)], sum);
      ASSERT_EQ(view[std::size_t(i * n + j)], sum + row[std::size_t(j)]) << i << ',' << j;
    }
  EXPECT_EQ(counted.fma, std::uint64_t(128 * n * k));  // whole tiles
  EXPECT_EQ(counted.shared_loads.conflicts,
            64u * k * 4);  // 16 threads side by side read every fourth word of B
  EXPECT_EQ(counted.barriers, std::uint64_t(8 * 2 * k / 16));
}

TEST_P(PtxNvcc, MatricesOfBf16) {
  int const m = 32, n = 16, k = 64;
  auto const half = [](std::vector<float> const& v) {
    std::vector<std::uint16_t> out;
    for (const float x : v) out.push_back(std::uint16_t(std::bit_cast<std::uint32_t>(x) >> 16));
    return out;
  };
  auto const a = half(noise(m * k)), b = half(noise(n * k));
  float* const c = d.allocate<float>(m * n);
  ptx::counters const counted =
      d.run(kernels(), kernels().find("gemm_bf16"), {.grid = {2, 2}, .block = 32}, ptx::pack(d.copy_in(a), d.copy_in(b), c, n, k));
  EXPECT_EQ(counted.mma, 4u * 4);
  auto const real = [](std::uint16_t x) { return std::bit_cast<float>(std::uint32_t(x) << 16); };
  for (int i = 0; i < m; ++i)
    for (int j = 0; j < n; ++j) {
      float sum = 0;
      for (int l = 0; l < k; ++l) sum = std::fma(real(a[std::size_t(i * k + l)]), real(b[std::size_t(j * k + l)]), sum);
      EXPECT_EQ(d.view(c)[std::size_t(i * n + j)], sum);
    }
}

TEST_P(PtxNvcc, AsynchronousTiles) {
  int const m = 64, n = 64, k = 128;
  auto const a = noise(m * k), b = noise(k * n);
  float* const c = d.allocate<float>(m * n);
  auto const arguments = ptx::pack(d.copy_in(a), d.copy_in(b), c, n, k);
  ptx::launch const how{.grid = {2, 2}, .block = 256, .dynamic_shared = 4 * 4096, .seed = 3};
  d.run(kernels(), kernels().find("gemm_async", "Lb1"), how, arguments);
  for (int i = 0; i < m; ++i)
    for (int j = 0; j < n; ++j) {
      float sum = 0;
      for (int l = 0; l < k; ++l) sum = std::fma(a[std::size_t(i * k + l)], b[std::size_t(l * n + j)], sum);
      ASSERT_EQ(d.view(c)[std::size_t(i * n + j)], sum);
    }
  small::expect_fault(ptx::wrong::unlanded, [&] { d.run(kernels(), kernels().find("gemm_async", "Lb0"), how, arguments); });
  ptx::launch less = how;
  less.dynamic_shared = 3 * 4096;
  small::expect_fault(ptx::wrong::bounds, [&] { d.run(kernels(), kernels().find("gemm_async", "Lb1"), less, arguments); });
}

TEST_P(PtxNvcc, Histogram) {
  int const n = 2000;
  std::vector<int> x(n), bins(17);
  float total = 0;
  int most = -1;
  for (int k = 0; k < n; ++k) x[std::size_t(k)] = k * k % 13;
  auto const arguments =
      ptx::pack(d.copy_in(x), n, d.share(std::span(bins)), d.share(std::span(&total, 1)), d.share(std::span(&most, 1)));
  d.run(kernels(), kernels().find("histogram"), {.grid = 5, .block = 64, .seed = 9}, arguments);
  for (int b = 0; b < 16; ++b) EXPECT_EQ(bins[std::size_t(b)], std::count(x.begin(), x.end(), b));
  EXPECT_EQ(bins[16], -1);
  EXPECT_EQ(total, float(n));
  EXPECT_EQ(most, 12);
}

TEST_P(PtxNvcc, DivergentLoops) {
  int const n = 200;
  std::vector<unsigned> x(n), steps(n);
  std::iota(x.begin(), x.end(), 1u);
  d.run(kernels(), kernels().find("collatz"), {.grid = 2, .block = 128},
        ptx::pack(d.share(std::span(x)), d.share(std::span(steps)), n));
  for (unsigned k = 0; k < unsigned(n); ++k) {
    unsigned count = 0;
    for (std::uint64_t v = x[k]; v != 1; ++count) v = v % 2 ? 3 * v + 1 : v / 2;
    EXPECT_EQ(steps[k], count);
  }
}

TEST_P(PtxNvcc, Calls) {
  std::vector<float> const x = noise(96), c{1, -2, 3, -4, 5, -6, 7, -8};
  std::vector<float> out(96);
  d.run(kernels(), kernels().find("calls"), {.grid = 1, .block = 96}, ptx::pack(d.share(std::span(x)), d.share(std::span(out)), 8));
  for (std::size_t i = 0; i < 96; ++i) {
    std::vector<float> mine(8);
    for (std::size_t k = 0; k < 8; ++k) mine[(k * 3 + i) % 8] = c[k];
    auto const polynomial = [&](std::vector<float> const& v, std::size_t n) {
      float sum = 0;
      while (n-- > 0) sum = std::fma(sum, x[i], v[n]);
      return sum;
    };
    float const expected[] = {polynomial(mine, 8), polynomial(mine, 7) + 1, mine[i % 8], polynomial(c, 8), -x[i],
                              polynomial(mine, 2)};
    EXPECT_EQ(out[i], expected[i % 6]) << i;
  }
}

TEST_P(PtxNvcc, Functions) {
  struct entry {
    char const* name;
    double ulps;  // what the manual grants, and what the host's own may be off
    float low, high;
    std::function<double(double, double)> exact;
  };
  entry const all[] = {{"expf", 3, -100, 90, [](double x, double) { return std::exp(x); }},
                       {"logf", 2, 0, 100, [](double x, double) { return std::log(x); }},
                       {"tanhf", 3, -8, 8, [](double x, double) { return std::tanh(x); }},
                       {"powf", 5, 0, 10, [](double x, double y) { return std::pow(x, y); }},
                       {"sinf", 3, -1e6f, 1e6f, [](double x, double) { return std::sin(x); }},
                       {"cosf", 3, -10, 10, [](double x, double) { return std::cos(x); }},
                       {"log1pf", 2, -0.9f, 10, [](double x, double) { return std::log1p(x); }},
                       {"expm1f", 2, -10, 10, [](double x, double) { return std::expm1(x); }},
                       {"erff", 3, -4, 4, [](double x, double) { return std::erf(x); }},
                       {"division", 0.5, -10, 10, [](double x, double y) { return x / y; }},
                       {"sqrtf", 0.5, 0, 10, [](double x, double) { return std::sqrt(x); }},
                       {"exp of double", 1, -10, 10, [](double x, double) { return std::exp(x); }},
                       {"rsqrtf", 3, 0.01f, 10, [](double x, double) { return 1 / std::sqrt(x); }},
                       {"fmodf", 0.5, -100, 100, [](double x, double y) { return std::fmod(x, y); }},
                       {"atan2f", 4, -10, 10, [](double x, double y) { return std::atan2(x, y); }}};
  int const n = 2000;
  for (std::size_t f = 0; f < std::size(all); ++f) {
    auto const x = noise(n, all[f].low, all[f].high), y = noise(n, all[f].low, all[f].high);
    std::vector<float> out(n);
    ptx::device one;
    one.run(kernels(), kernels().find("functionsILi" + std::to_string(f) + "E"), {.grid = n / 100, .block = 100},
            ptx::pack(one.share(std::span(x)), one.share(std::span(y)), one.share(std::span(out)), n));
    double worst = 0;
    for (std::size_t k = 0; k < std::size_t(n); ++k) {
      double const exact = all[f].exact(x[k], y[k]);
      float const near = float(exact);
      double const ulp = double(std::nextafter(std::fabs(near), INFINITY)) - double(std::fabs(near));
      double const off = near == out[k] ? 0 : std::fabs(double(out[k]) - exact) / (std::isfinite(ulp) ? ulp : 1);
      worst = std::max(worst, off);
    }
    EXPECT_LE(worst, all[f].ulps) << all[f].name;
  }
}

TEST_P(PtxNvcc, ArithmeticOfBf16) {
  int const n = 32;
  auto const f = noise(2 * n);
  std::vector<std::uint16_t> x;
  for (float const v : f) x.push_back(std::uint16_t(std::bit_cast<std::uint32_t>(v) >> 16));
  std::vector<std::uint16_t> out(2 * n);
  auto* const o = d.allocate<std::uint16_t>(2 * n);
  d.run(kernels(), kernels().find("bf16_arithmetic"), {.grid = 1, .block = 32}, ptx::pack(d.copy_in(x), o, n));
  auto const real = [](std::uint16_t v) { return std::bit_cast<float>(std::uint32_t(v) << 16); };
  auto const round = [&](float v) {
    const auto bits = std::bit_cast<std::uint32_t>(v);
    return real(std::uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16));
  };
  for (std::size_t i = 0; i < std::size_t(n); ++i)
    for (std::size_t k = 0; k < 2; ++k) {
      float const a = real(x[2 * i]), b = real(x[2 * i + 1]),
                  product = round(real(x[2 * i + k]) * real(x[2 * (std::size_t(n) - 1 - i) + k]));
      EXPECT_EQ(real(d.view(o)[2 * i + k]), round(product + round(k ? a + b : a * b)));
    }
}

}  // namespace
