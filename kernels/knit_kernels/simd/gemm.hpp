// SPDX-License-Identifier: BSL-1.0
// gemm.hpp -- in: pointers, strides, constant sizes. out: a block of A*B in registers, and packed operands.

#pragma once

#include <knit_kernels/simd/lanes.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace knit::simd {
inline namespace HWY_NAMESPACE {

/// A block of C(m, n) = sum over k of A(m, k) B(k, n): MV registers of rows by NR columns. It stays in
/// registers as a local variable of one function, if MV*NR + MV + 1 exist: 2 x 14 of 32, 2 x 6 of 16.
template <int MV, int NR, class T = float> struct tile {
  static constexpr int rows = MV * basic_lanes<T>::count;
  static constexpr int columns = NR;

  basic_lanes<T> acc[NR][MV];
};

namespace detail {

// Folds over indices, not lambdas in loops: so g++ splits the tile into registers before it optimises.
template <int... i> using ints = std::integer_sequence<int, i...>;
template <int N> constexpr std::make_integer_sequence<int, N> first;

/// How the last register of a column of A is loaded.
struct whole {
  template <class T> HWY_INLINE basic_lanes<T> operator()(T const* p) const { return load(p); }
};
struct partial {
  int rows;
  template <class T> HWY_INLINE basic_lanes<T> operator()(T const* p) const { return load_n(p, rows); }
};

template <int MV, class T, class Last, int... v>
HWY_API void load_column(basic_lanes<T> (&column)[MV], T const* a, Last last, ints<v...>) {
  ((column[v] = load(a + v * basic_lanes<T>::count)), ...);
  column[MV - 1] = last(a + (MV - 1) * basic_lanes<T>::count);
}

template <int MV, class T, int... v>
HWY_API void axpy(basic_lanes<T> (&acc)[MV], basic_lanes<T> const (&column)[MV], basic_lanes<T> x, ints<v...>) {
  ((acc[v] = fma(column[v], x, acc[v])), ...);
}

template <int MV, int NR, class T, class Last, int... n>
HWY_API void outer_product(tile<MV, NR, T>& t, T const* a, Last last, T const* b, std::ptrdiff_t b_n_stride, ints<n...>) {
  basic_lanes<T> column[MV];
  load_column(column, a, last, first<MV - 1>);
  (axpy(t.acc[n], column, basic_lanes<T>(b[n * b_n_stride]), first<MV>), ...);
}

/// Columns of A that are fetched ahead by hand: where two registers are half a line of a panel, the processor does not see
/// that each other line comes next (2 x 6 with K = 784 on AVX2, percent of peak: 71 without, 97 with); whole lines it does.
inline constexpr int a_ahead = register_count < 32 ? 8 : 0;

/// Fetches what lies so far behind p, which may be no part of its array.
template <class T> HWY_API void prefetch(T const* p, std::ptrdiff_t ahead) {
  __builtin_prefetch(reinterpret_cast<void const*>(reinterpret_cast<std::uintptr_t>(p) + std::uintptr_t(ahead) * sizeof(T)));
}

// Not unrolled over k: by 2 or 4 is no faster (bench/gemm_tile.cpp) and makes g++ 12 spill a 2 x 14 tile.
// Prefetching C by hand gained nothing either.
template <int MV, int NR, class T, class Last>
HWY_API void multiply(tile<MV, NR, T>& t, int count_k, T const* a, std::ptrdiff_t a_k_stride, Last last, T const* b,
                      std::ptrdiff_t b_k_stride, std::ptrdiff_t b_n_stride, std::ptrdiff_t b_ahead) {
  for (int k = 0; k < count_k; ++k, a += a_k_stride, b += b_k_stride) {
    if constexpr (a_ahead != 0) prefetch(a, a_ahead * a_k_stride);
    if (b_ahead != 0) prefetch(b, b_ahead);
    outer_product(t, a, last, b, b_n_stride, first<NR>);
  }
}

template <int MV, class T, int... v> HWY_API void clear(basic_lanes<T> (&acc)[MV], ints<v...>) { ((acc[v] = T(0)), ...); }

template <int MV, int NR, class T, int... n> HWY_API void clear(tile<MV, NR, T>& t, ints<n...>) {
  (clear(t.acc[n], first<MV>), ...);
}

template <class Epilogue, int MV, class T, int... v>
HWY_API void finish(basic_lanes<T> const (&acc)[MV], int n, Epilogue& e, ints<v...>) {
  (e(v, n, acc[v]), ...);
}

template <class Epilogue, int MV, int NR, class T, int... n>
HWY_API void finish(tile<MV, NR, T> const& t, Epilogue& e, ints<n...>) {
  (finish(t.acc[n], n, e, first<MV>), ...);
}

}  // namespace detail

template <int MV, int NR, class T> HWY_API void clear(tile<MV, NR, T>& t) { detail::clear(t, detail::first<NR>); }

namespace detail {

template <int MV, class T, int... v> HWY_API void add(basic_lanes<T> (&to)[MV], basic_lanes<T> const (&from)[MV], ints<v...>) {
  ((to[v] = to[v] + from[v]), ...);
}
template <int MV, int NR, class T, int... n> HWY_API void add(tile<MV, NR, T>& to, tile<MV, NR, T> const& from, ints<n...>) {
  (add(to.acc[n], from.acc[n], first<MV>), ...);
}
template <int U, int MV, int NR, class T> HWY_API void add_pairs(tile<MV, NR, T>* part) {
  if constexpr (U > 1) {
    [&]<int... u>(ints<u...>) { (add(part[u], part[u + U / 2], first<NR>), ...); }(first<U / 2>);
    add_pairs<U / 2>(part);
  }
}

/// So many tiles of this size take turns, each every so manieth k, and are added up at the end: a tile of few registers
/// alone would wait for its own sums (latency 4, two units).
template <int K, int MV, int NR> constexpr int chains = [] {
  int u = 1;
  while (u < 8 && 2 * u * MV * NR <= 8 && 4 * u <= K) u *= 2;
  return u;
}();

template <int K, int MV, int NR, class T, class Last, int... u>
HWY_API void multiply_in_chains(tile<MV, NR, T>& t, T const* a, std::ptrdiff_t a_k_stride, Last last, T const* b,
                                std::ptrdiff_t b_k_stride, std::ptrdiff_t b_n_stride, ints<u...>) {
  constexpr int U = sizeof...(u);
  tile<MV, NR, T> part[U];
  (clear(part[u], first<NR>), ...);
  for (int k = 0; k + U <= K; k += U, a += U * a_k_stride, b += U * b_k_stride)
    (outer_product(part[u], a + u * a_k_stride, last, b + u * b_k_stride, b_n_stride, first<NR>), ...);
  ((u < K % U ? outer_product(part[u], a + u * a_k_stride, last, b + u * b_k_stride, b_n_stride, first<NR>) : void()), ...);
  add_pairs<U>(part);
  add(t, part[0], first<NR>);
}

/// t += A*B over a constant number of steps.
template <int K, int MV, int NR, class T, class Last>
HWY_API void multiply_all(tile<MV, NR, T>& t, T const* a, std::ptrdiff_t a_k_stride, Last last, T const* b,
                          std::ptrdiff_t b_k_stride, std::ptrdiff_t b_n_stride, std::ptrdiff_t b_ahead) {
  if constexpr (constexpr int u = chains<K, MV, NR>; u > 1)
    multiply_in_chains<K>(t, a, a_k_stride, last, b, b_k_stride, b_n_stride, first<u>);
  else multiply(t, K, a, a_k_stride, last, b, b_k_stride, b_n_stride, b_ahead);
}

}  // namespace detail

/// t += A*B over count_k steps. Column k of A is contiguous at a + k*a_k_stride; B(k, n) is
/// b[k*b_k_stride + n*b_n_stride]. Sizes and strides given as literals or integral constants become
/// part of the addresses. b_ahead, if not 0, is how far behind b + k*b_k_stride the cache line lies that the
/// next tile will read: 2*NR where b_n_stride is 1 (weight gradient of bench/gemm_tile.cpp, percent of
/// peak: 89 without, 91 with).
template <int MV, int NR, class T> HWY_API void multiply(tile<MV, NR, T>& t, int count_k, T const* a, std::ptrdiff_t a_k_stride,
                                                         T const* b, std::ptrdiff_t b_k_stride, std::ptrdiff_t b_n_stride,
                                                         std::ptrdiff_t b_ahead = 0) {
  detail::multiply(t, count_k, a, a_k_stride, detail::whole(), b, b_k_stride, b_n_stride, b_ahead);
}

/// The same with K known to the compiler.
template <int K, int MV, int NR, class T> HWY_API void multiply(tile<MV, NR, T>& t, T const* a, std::ptrdiff_t a_k_stride,
                                                                T const* b, std::ptrdiff_t b_k_stride, std::ptrdiff_t b_n_stride,
                                                                std::ptrdiff_t b_ahead = 0) {
  detail::multiply_all<K>(t, a, a_k_stride, detail::whole(), b, b_k_stride, b_n_stride, b_ahead);
}

/// The same where a column of A has only `rows` numbers of memory, (MV-1)*count < rows <= MV*count. The other
/// rows of t gain 0*B and mean nothing.
template <int K, int MV, int NR, class T>
HWY_API void multiply_rows(tile<MV, NR, T>& t, int rows, T const* a, std::ptrdiff_t a_k_stride, T const* b,
                           std::ptrdiff_t b_k_stride, std::ptrdiff_t b_n_stride, std::ptrdiff_t b_ahead = 0) {
  detail::multiply_all<K>(t, a, a_k_stride, detail::partial{rows - (MV - 1) * basic_lanes<T>::count}, b, b_k_stride, b_n_stride,
                          b_ahead);
}

/// The same with K known at run time only.
template <int MV, int NR, class T> HWY_API void multiply_rows(tile<MV, NR, T>& t, int count_k, int rows, T const* a,
                                                              std::ptrdiff_t a_k_stride, T const* b, std::ptrdiff_t b_k_stride,
                                                              std::ptrdiff_t b_n_stride) {
  detail::multiply(t, count_k, a, a_k_stride, detail::partial{rows - (MV - 1) * basic_lanes<T>::count}, b, b_k_stride, b_n_stride,
                   0);
}

/// Calls e(v, n, acc) for register v of column n, that is rows v*count to (v+1)*count - 1; unrolled.
template <class Epilogue, int MV, int NR, class T> HWY_API void finish(tile<MV, NR, T> const& t, Epilogue&& e) {
  detail::finish(t, e, detail::first<NR>);
}

namespace detail {
template <class Epilogue, int MV, int NR, class T, int... n>
HWY_API void finish_columns(tile<MV, NR, T> const& t, Epilogue& e, ints<n...>) {
  (e(n, t.acc[n]), ...);
}
}  // namespace detail

/// Calls e(n, column) for the MV registers of column n; unrolled.
template <class Epilogue, int MV, int NR, class T> HWY_API void finish_columns(tile<MV, NR, T> const& t, Epilogue&& e) {
  detail::finish_columns(t, e, detail::first<NR>);
}

namespace detail {

/// How many numbers a block of 16 bytes holds.
template <class T> inline constexpr int block = 16 / int(sizeof(T));

/// Block j of the result holds 4 floats of row 4*j: p[4*j*stride + 0..3], or 2 doubles of row 2*j; zeros from row
/// `rows` on.
template <bool All, class Tag, class T> HWY_API auto load_blocks(Tag tag, T const* p, std::ptrdiff_t stride, int rows) {
  if constexpr (hn::MaxLanes(Tag()) > block<T>) {
    constexpr hn::Half<Tag> half;
    constexpr int n = hn::MaxLanes(half);
    auto const low = load_blocks<All>(half, p, stride, rows);
    return Combine(tag, load_blocks<All>(half, p + n * stride, stride, rows - n), low);
  } else {
    return All || rows > 0 ? LoadU(tag, p) : Zero(tag);
  }
}

/// dst[i*dst_stride + m] = a[m*a_m_stride + i] for i < 4, m < count.
template <bool All, class Tag>
HWY_API void transpose_block(Tag tag, float* dst, std::ptrdiff_t dst_stride, float const* a, std::ptrdiff_t a_m_stride, int rows) {
  constexpr hn::Repartition<std::uint64_t, Tag> pair;  // two floats move as one
  auto const row = [&](int j) { return load_blocks<All>(tag, a + j * a_m_stride, a_m_stride, rows - j); };
  auto const r0 = row(0), r1 = row(1), r2 = row(2), r3 = row(3);
  auto const low01 = BitCast(pair, InterleaveLower(tag, r0, r1)), high01 = BitCast(pair, InterleaveUpper(tag, r0, r1));
  auto const low23 = BitCast(pair, InterleaveLower(tag, r2, r3)), high23 = BitCast(pair, InterleaveUpper(tag, r2, r3));
  StoreU(BitCast(tag, InterleaveLower(pair, low01, low23)), tag, dst);
  StoreU(BitCast(tag, InterleaveUpper(pair, low01, low23)), tag, dst + dst_stride);
  StoreU(BitCast(tag, InterleaveLower(pair, high01, high23)), tag, dst + 2 * dst_stride);
  StoreU(BitCast(tag, InterleaveUpper(pair, high01, high23)), tag, dst + 3 * dst_stride);
}
/// The same for i < 2.
template <bool All, class Tag> HWY_API void transpose_block(Tag tag, double* dst, std::ptrdiff_t dst_stride, double const* a,
                                                            std::ptrdiff_t a_m_stride, int rows) {
  auto const even = load_blocks<All>(tag, a, a_m_stride, rows);
  auto const odd = load_blocks<All>(tag, a + a_m_stride, a_m_stride, rows - 1);
  StoreU(InterleaveLower(tag, even, odd), tag, dst);
  StoreU(InterleaveUpper(tag, even, odd), tag, dst + dst_stride);
}

}  // namespace detail

/// The panel form of an operand whose rows, not columns, are contiguous:
/// dst[k*Panel + m] = a[m*a_m_stride + k] for m < rows, zero for rows <= m < Panel.
template <int K, int Panel = 32, class T> void pack_transposed(T* dst, T const* a, std::ptrdiff_t a_m_stride, int rows) {
  using V = basic_lanes<T>;
  static_assert(Panel % V::count == 0);
  constexpr int block = detail::block<T>;
  constexpr int in_registers = V::count >= block ? K / block * block : 0;
  if constexpr (in_registers > 0) {
    constexpr typename V::tag tag;
    for (int m = 0; m < Panel; m += V::count) {
      T const* const from = a + (m < rows ? m : 0) * a_m_stride;
      if (m + V::count <= rows)
        for (int k = 0; k < in_registers; k += block)
          detail::transpose_block<true>(tag, dst + k * Panel + m, Panel, from + k, a_m_stride, V::count);
      else
        for (int k = 0; k < in_registers; k += block)
          detail::transpose_block<false>(tag, dst + k * Panel + m, Panel, from + k, a_m_stride, rows - m);
    }
  }
  for (int k = in_registers; k < K; ++k)
    for (int m = 0; m < Panel; ++m) dst[k * Panel + m] = m < rows ? a[m * a_m_stride + k] : T(0);
}

}  // namespace HWY_NAMESPACE
}  // namespace knit::simd
