// SPDX-License-Identifier: BSL-1.0
// gemm.cpp -- in: simd/gemm, simd/peak. out: tiles, tails and packing, checked against plain loops.

#include <knit_kernels/simd/gemm.hpp>
#include <knit_kernels/simd/peak.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

namespace {

using knit::simd::lanes;
namespace simd = knit::simd;

constexpr int count = lanes::count;

std::vector<float> noise(std::size_t n) {
  static std::mt19937 random(7);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> out(n);
  for (float& x : out) x = uniform(random);
  return out;
}

/// The least memory that A (rows x K) and B (K x columns) need for the given strides.
struct operands {
  int rows, columns, k;
  std::ptrdiff_t a_k, b_k, b_n;
  std::vector<float> a = noise((k - 1) * a_k + rows);
  std::vector<float> b = noise((k - 1) * b_k + (columns - 1) * b_n + 1);

  double product(int m, int n) const {
    double sum = 0;
    for (int i = 0; i < k; ++i) sum += double(a[i * a_k + m]) * double(b[i * b_k + n * b_n]);
    return sum;
  }
};

template <int MV, int NR> std::vector<float> columns_of(simd::tile<MV, NR> const& t) {
  std::vector<float> c(NR * MV * count);
  finish(t, [&](int v, int n, lanes acc) { store(c.data() + (n * MV + v) * count, acc); });
  return c;
}

template <int MV, int NR> void expect_product(simd::tile<MV, NR> const& t, operands const& x, double start) {
  auto const c = columns_of(t);
  for (int n = 0; n < NR; ++n)
    for (int m = 0; m < x.rows; ++m)
      ASSERT_NEAR(c[n * MV * count + m], start + x.product(m, n), 1e-6 * (4 + x.k)) << m << ',' << n;
}

template <int MV, int NR, int K> void check_tile() {
  constexpr int rows = MV * count;
  for (operands const& x :
       {operands{rows, NR, K, rows, 1, K}, operands{rows, NR, K, rows, NR, 1},
        operands{rows, NR, K, rows + 5, NR + 3, 1}, operands{rows, NR, K, rows, 2, 2 * K + 1}}) {
    simd::tile<MV, NR> t;
    clear(t);
    simd::multiply<K>(t, x.a.data(), x.a_k, x.b.data(), x.b_k, x.b_n);
    expect_product(t, x, 0);

    for (auto& column : t.acc)  // it accumulates, and K may be known late
      for (lanes& acc : column) acc = 1.f;
    multiply(t, x.k, x.a.data(), x.a_k, x.b.data(), x.b_k, x.b_n, 2 * NR);
    expect_product(t, x, 1);
  }
}

TEST(GemmTile, EqualsPlainLoops) {
  check_tile<1, 1, 1>();
  check_tile<1, 3, 2>();
  check_tile<1, 28, 7>();
  check_tile<2, 1, 5>();
  check_tile<2, 6, 9>();
  check_tile<2, 10, 784>();
  check_tile<2, 13, 31>();
  check_tile<2, 14, 100>();
  check_tile<3, 4, 17>();
  check_tile<3, 9, 33>();
  check_tile<4, 6, 64>();
}

TEST(GemmTile, LiteralAndConstantStrides) {
  operands const x{2 * count, 5, 12, 2 * count, 1, 12};
  simd::tile<2, 5> t;
  clear(t);
  simd::multiply<12>(t, x.a.data(), std::integral_constant<int, 2 * count>(), x.b.data(),
                     std::integral_constant<int, 1>(), std::integral_constant<int, 12>());
  expect_product(t, x, 0);
}

template <int MV, int NR, int K> void check_rows() {
  for (int rows = (MV - 1) * count + 1; rows <= MV * count; ++rows) {
    operands const x{rows, NR, K, rows, 1, K};
    auto const a =
        std::make_unique<float[]>(x.a.size());  // exactly sized: the sanitizer build sees an overrun
    std::copy(x.a.begin(), x.a.end(), a.get());
    simd::tile<MV, NR> t;
    clear(t);
    simd::multiply_rows<K>(t, rows, a.get(), rows, x.b.data(), 1, K);
    expect_product(t, x, 0);
  }
}

TEST(GemmTile, TailsOfRowsStayInside) {
  check_rows<1, 4, 3>();
  check_rows<2, 6, 10>();
  check_rows<2, 14, 25>();
  check_rows<3, 5, 8>();
}

TEST(GemmTile, EpilogueSeesEveryRegisterOnce) {
  simd::tile<3, 4> t;
  for (int n = 0; n < 4; ++n)
    for (int v = 0; v < 3; ++v) t.acc[n][v] = float(10 * n + v);
  int seen[4][3] = {};
  finish(t, [&](int v, int n, lanes acc) {
    ++seen[n][v];
    EXPECT_EQ(reduce_max(acc), float(10 * n + v));
  });
  for (auto& column : seen)
    for (int times : column) EXPECT_EQ(times, 1);
}

TEST(GemmTile, UpdatesPanelMajorWeights) {  // w -= rate * dy * x^T, two panels
  constexpr int rows = 2 * count, batch = 20, inputs = 9, NR = 3;
  auto const dy = noise(2 * batch * rows), x = noise(batch * inputs);
  auto w = noise(2 * inputs * rows);
  auto const before = w;
  for (int p = 0; p < 2; ++p)
    for (int i = 0; i < inputs; i += NR) {
      simd::tile<2, NR> t;
      clear(t);
      simd::multiply<batch>(t, dy.data() + p * batch * rows, rows, x.data() + i, inputs, 1);
      finish(t, [&](int v, int n, lanes acc) {
        float* const at = w.data() + (p * inputs + i + n) * rows + v * count;
        store(at, fma(acc, -0.5f, simd::load(at)));
      });
    }
  for (int p = 0; p < 2; ++p)
    for (int i = 0; i < inputs; ++i)
      for (int m = 0; m < rows; ++m) {
        double gradient = 0;
        for (int k = 0; k < batch; ++k)
          gradient += double(dy[(p * batch + k) * rows + m]) * double(x[k * inputs + i]);
        int const at = (p * inputs + i) * rows + m;
        EXPECT_NEAR(w[at], before[at] - 0.5 * gradient, 1e-5);
      }
}

template <int K, int Panel> void check_pack_transposed() {
  for (int rows = 0; rows <= Panel; ++rows) {
    int const stride = K + rows % 4;
    std::size_t const size = rows == 0 ? 0 : (rows - 1) * stride + K;
    auto const values = noise(size);
    auto const a = std::make_unique<float[]>(size);
    std::copy(values.begin(), values.end(), a.get());
    auto const dst = std::make_unique<float[]>(K * Panel);
    std::fill_n(dst.get(), K * Panel, -9.f);
    simd::pack_transposed<K, Panel>(dst.get(), a.get(), stride, rows);
    for (int k = 0; k < K; ++k)
      for (int m = 0; m < Panel; ++m)
        ASSERT_EQ(dst[k * Panel + m], m < rows ? a[m * stride + k] : 0.f)
            << "rows " << rows << " at " << m << ',' << k;
  }
}

TEST(GemmPack, TransposedPanels) {
  check_pack_transposed<1, 32>();
  check_pack_transposed<3, 32>();
  check_pack_transposed<4, 32>();
  check_pack_transposed<16, 32>();
  check_pack_transposed<21, 32>();
  check_pack_transposed<150, 32>();
  check_pack_transposed<10, 16>();
  check_pack_transposed<10, 48>();
}

TEST(GemmPack, Columns) {
  std::vector<float> dst(5 * 20);
  simd::pack_columns<5, 20>(dst.data(), [](int k, int n) { return float(100 * k + n); });
  for (int k = 0; k < 20; ++k)
    for (int n = 0; n < 5; ++n) EXPECT_EQ(dst[k * 5 + n], float(100 * k + n));
}

TEST(Peak, IsPositive) { EXPECT_GT(simd::fma_peak(2), 0.1); }

}  // namespace
