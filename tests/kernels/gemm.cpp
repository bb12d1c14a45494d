// SPDX-License-Identifier: BSL-1.0
// gemm.cpp -- in: simd/gemm, simd/peak. out: tiles, tails and packing, checked against plain loops, of floats and of
// doubles.

#include <knit_kernels/simd/gemm.hpp>
#include <knit_kernels/simd/peak.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <random>
#include <vector>

namespace {

using knit::simd::basic_lanes;
namespace simd = knit::simd;

template <class T> constexpr int count = basic_lanes<T>::count;

template <class T> std::vector<T> noise(std::size_t n) {
  static std::mt19937 random(7);
  std::uniform_real_distribution<T> uniform(-1, 1);
  std::vector<T> out(n);
  for (T& x : out) x = uniform(random);
  return out;
}

/// The least memory that A (rows x K) and B (K x columns) need for the given strides.
template <class T> struct operands {
  int rows, columns, k;
  std::ptrdiff_t a_k, b_k, b_n;
  std::vector<T> a = noise<T>((k - 1) * a_k + rows);
  std::vector<T> b = noise<T>((k - 1) * b_k + (columns - 1) * b_n + 1);

  double product(int m, int n) const {
    double sum = 0;
    for (int i = 0; i < k; ++i) sum += double(a[i * a_k + m]) * double(b[i * b_k + n * b_n]);
    return sum;
  }
};

template <int MV, int NR, class T> std::vector<T> columns_of(simd::tile<MV, NR, T> const& t) {
  std::vector<T> c(NR * MV * count<T>);
  finish(t, [&](int v, int n, basic_lanes<T> acc) { store(c.data() + (n * MV + v) * count<T>, acc); });
  return c;
}

/// What rounding may do to a sum of n terms.
template <class T> double tolerance(int n) { return 8 * double(std::numeric_limits<T>::epsilon()) * (4 + n); }

template <int MV, int NR, class T> void expect_product(simd::tile<MV, NR, T> const& t, operands<T> const& x, double start) {
  auto const c = columns_of(t);
  for (int n = 0; n < NR; ++n)
    for (int m = 0; m < x.rows; ++m)
      ASSERT_NEAR(c[n * MV * count<T> + m], start + x.product(m, n), tolerance<T>(x.k)) << m << ',' << n;
}

template <class T> class GemmTile : public testing::Test {};
template <class T> class GemmPack : public testing::Test {};
using numbers = testing::Types<float, double>;
TYPED_TEST_SUITE(GemmTile, numbers);
TYPED_TEST_SUITE(GemmPack, numbers);

template <class T, int MV, int NR, int K> void check_tile() {
  constexpr int rows = MV * count<T>;
  for (operands<T> const& x : {operands<T>{rows, NR, K, rows, 1, K}, operands<T>{rows, NR, K, rows, NR, 1},
                               operands<T>{rows, NR, K, rows + 5, NR + 3, 1}, operands<T>{rows, NR, K, rows, 2, 2 * K + 1}}) {
    simd::tile<MV, NR, T> t;
    clear(t);
    simd::multiply<K>(t, x.a.data(), x.a_k, x.b.data(), x.b_k, x.b_n);
    expect_product(t, x, 0);

    for (auto& column : t.acc)  // it accumulates, and K may be known late
      for (basic_lanes<T>& acc : column) acc = 1;
    multiply(t, x.k, x.a.data(), x.a_k, x.b.data(), x.b_k, x.b_n, 2 * NR);
    expect_product(t, x, 1);
  }
}

TYPED_TEST(GemmTile, EqualsPlainLoops) {
  using T = TypeParam;
  check_tile<T, 1, 1, 1>();
  check_tile<T, 1, 3, 2>();
  check_tile<T, 1, 28, 7>();
  check_tile<T, 2, 1, 5>();
  check_tile<T, 2, 6, 9>();
  check_tile<T, 2, 10, 784>();
  check_tile<T, 2, 13, 31>();
  check_tile<T, 2, 14, 100>();
  check_tile<T, 3, 4, 17>();
  check_tile<T, 3, 9, 33>();
  check_tile<T, 4, 6, 64>();
}

TYPED_TEST(GemmTile, LiteralAndConstantStrides) {
  using T = TypeParam;
  operands<T> const x{2 * count<T>, 5, 12, 2 * count<T>, 1, 12};
  simd::tile<2, 5, T> t;
  clear(t);
  simd::multiply<12>(t, x.a.data(), std::integral_constant<int, 2 * count<T>>(), x.b.data(), std::integral_constant<int, 1>(),
                     std::integral_constant<int, 12>());
  expect_product(t, x, 0);
}

template <class T, int MV, int NR, int K> void check_rows() {
  for (int rows = (MV - 1) * count<T> + 1; rows <= MV * count<T>; ++rows) {
    operands<T> const x{rows, NR, K, rows, 1, K};
    auto const a = std::make_unique<T[]>(x.a.size());  // exactly sized: the sanitizer build sees an overrun
    std::copy(x.a.begin(), x.a.end(), a.get());
    simd::tile<MV, NR, T> t;
    clear(t);
    simd::multiply_rows<K>(t, rows, a.get(), rows, x.b.data(), 1, K);
    expect_product(t, x, 0);
  }
}

TYPED_TEST(GemmTile, TailsOfRowsStayInside) {
  using T = TypeParam;
  check_rows<T, 1, 4, 3>();
  check_rows<T, 2, 6, 10>();
  check_rows<T, 2, 14, 25>();
  check_rows<T, 3, 5, 8>();
}

TYPED_TEST(GemmTile, EpilogueSeesEveryRegisterOnce) {
  using T = TypeParam;
  simd::tile<3, 4, T> t;
  for (int n = 0; n < 4; ++n)
    for (int v = 0; v < 3; ++v) t.acc[n][v] = T(10 * n + v);
  int seen[4][3] = {};
  finish(t, [&](int v, int n, basic_lanes<T> acc) {
    ++seen[n][v];
    EXPECT_EQ(reduce_max(acc), T(10 * n + v));
  });
  for (auto& column : seen)
    for (int times : column) EXPECT_EQ(times, 1);
}

TYPED_TEST(GemmTile, UpdatesPanelMajorWeights) {  // w -= rate * dy * x^T, two panels
  using T = TypeParam;
  constexpr int rows = 2 * count<T>, batch = 20, inputs = 9, NR = 3;
  auto const dy = noise<T>(2 * batch * rows), x = noise<T>(batch * inputs);
  auto w = noise<T>(2 * inputs * rows);
  auto const before = w;
  for (int p = 0; p < 2; ++p)
    for (int i = 0; i < inputs; i += NR) {
      simd::tile<2, NR, T> t;
      clear(t);
      simd::multiply<batch>(t, dy.data() + p * batch * rows, rows, x.data() + i, inputs, 1);
      finish(t, [&](int v, int n, basic_lanes<T> acc) {
        T* const at = w.data() + (p * inputs + i + n) * rows + v * count<T>;
        store(at, fma(acc, T(-0.5), simd::load(at)));
      });
    }
  for (int p = 0; p < 2; ++p)
    for (int i = 0; i < inputs; ++i)
      for (int m = 0; m < rows; ++m) {
        double gradient = 0;
        for (int k = 0; k < batch; ++k) gradient += double(dy[(p * batch + k) * rows + m]) * double(x[k * inputs + i]);
        int const at = (p * inputs + i) * rows + m;
        EXPECT_NEAR(w[at], before[at] - 0.5 * gradient, tolerance<T>(batch));
      }
}

template <class T, int K, int Panel> void check_pack_transposed() {
  for (int rows = 0; rows <= Panel; ++rows) {
    int const stride = K + rows % 4;
    std::size_t const size = rows == 0 ? 0 : (rows - 1) * stride + K;
    auto const values = noise<T>(size);
    auto const a = std::make_unique<T[]>(size);
    std::copy(values.begin(), values.end(), a.get());
    auto const dst = std::make_unique<T[]>(K * Panel);
    std::fill_n(dst.get(), K * Panel, T(-9));
    simd::pack_transposed<K, Panel>(dst.get(), a.get(), stride, rows);
    for (int k = 0; k < K; ++k)
      for (int m = 0; m < Panel; ++m)
        ASSERT_EQ(dst[k * Panel + m], m < rows ? a[m * stride + k] : T(0)) << "rows " << rows << " at " << m << ',' << k;
  }
}

TYPED_TEST(GemmPack, TransposedPanels) {
  using T = TypeParam;
  check_pack_transposed<T, 1, 32>();
  check_pack_transposed<T, 3, 32>();
  check_pack_transposed<T, 4, 32>();
  check_pack_transposed<T, 16, 32>();
  check_pack_transposed<T, 21, 32>();
  check_pack_transposed<T, 150, 32>();
  check_pack_transposed<T, 10, 16>();
  check_pack_transposed<T, 10, 48>();
}

TEST(Peak, IsPositive) {
  EXPECT_GT(simd::fma_peak(2), 0.1);
  EXPECT_GT(simd::fma_peak<double>(2), 0.1);
}

}  // namespace
