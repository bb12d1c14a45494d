// SPDX-License-Identifier: BSL-1.0
// mma.hpp -- in: pairs of bf16 in shared memory. out: sums of their products in float, as a warp of a GPU's tensor cores adds them up.
#pragma once
#include <bit>
#include <cstdint>
#include <knit_kernels/cuda/lane.hpp>

namespace knit::cuda {

/// Two numbers of bf16, the first in the lower half: float's sign and exponent, and 7 bits of its fraction.
struct bf16_pair {
  std::uint32_t bits;

  KNIT_FN float first() const { return std::bit_cast<float>(bits << 16); }
  KNIT_FN float second() const { return std::bit_cast<float>(bits & 0xffff0000u); }
};

/// Two floats rounded to bf16, to the nearest and of two as near to the even one. NaN stays NaN, what is too large is infinite.
KNIT_FN inline bf16_pair round_to_bf16(float first, float second) {
#ifdef __CUDA_ARCH__
  bf16_pair r;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(r.bits) : "f"(second), "f"(first));
  return r;
#else
  auto upper_half = [](float x) -> std::uint32_t {
    if (x != x) return 0x7fff;
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(x);
    return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  };
  return {upper_half(second) << 16 | upper_half(first)};
#endif
}

/// Columns and terms of an instruction; its rows are twice as many as its columns.
inline constexpr int mma_columns = 8, mma_terms = 16;

/// Adds the products of 16 terms to the sums of 8 Rows rows by 8 Tiles columns that a warp has, Rows being 2 or 4. All its
/// threads call it together; thread number t has rows from Rows (t / 4) on, and of each eight columns two, from 2 (t % 4) on.
/// Pair k of the terms of row r is a[k * LeadA + r], of column c b[k * LeadB + c]; a is aligned to 16 bytes, LeadA a multiple
/// of 4. If both leads are 8 or 24 beyond a multiple of 32, no two threads read one bank. A product of two numbers of bf16 is
/// a float to the last bit; a host adds them up in order, each sum rounded, and tensor cores several at once, in an order of
/// their own.
template <int LeadA, int LeadB, int Rows, int Tiles>
KNIT_FN void mma(bf16_pair const* a, bf16_pair const* b, int thread, lane<float> (&sum)[2 * Tiles][Rows]) {
  const int group = thread / 4, in_group = thread % 4;
#ifdef __CUDA_ARCH__
  static_assert(__CUDA_ARCH__ >= 800 || Tiles == 0,
                "knit: products in bf16 are for GPUs from sm_80 on, and this is compiled for an earlier "
                "one; compile with -arch=sm_80 or later, or leave the program's member products out");
  struct alignas(sizeof(bf16_pair) * Rows) side_by_side {
    bf16_pair at[Rows];
  };
  // Rows g and g + 8 of an instruction are two of ours that lie side by side, so that a thread reads and has all its rows so.
  auto const low = *reinterpret_cast<side_by_side const*>(a + in_group * LeadA + Rows * group);
  auto const high = *reinterpret_cast<side_by_side const*>(a + (in_group + 4) * LeadA + Rows * group);
  for (int j = 0; j < Tiles; ++j) {
    bf16_pair const* const p = b + in_group * LeadB + mma_columns * j + group;
    lane<float>(&x)[Rows] = sum[2 * j], (&y)[Rows] = sum[2 * j + 1];
    for (int i = 0; i < Rows; i += 2)
      asm volatile(
          "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
          : "+f"(x[i].v), "+f"(y[i].v), "+f"(x[i + 1].v), "+f"(y[i + 1].v)
          : "r"(low.at[i].bits), "r"(low.at[i + 1].bits), "r"(high.at[i].bits), "r"(high.at[i + 1].bits), "r"(p[0].bits),
            "r"(p[4 * LeadB].bits));
  }
#else
  for (int k = 0; k < mma_terms / 2; ++k)
    for (int j = 0; j < 2 * Tiles; ++j) {
      bf16_pair const y = b[k * LeadB + j / 2 * mma_columns + 2 * in_group + j % 2];
      lane<float> const first = y.first(), second = y.second();
      for (int i = 0; i < Rows; ++i) {
        bf16_pair const x = a[k * LeadA + Rows * group + i];
        sum[j][i] = fma(lane<float>(x.second()), second, fma(lane<float>(x.first()), first, sum[j][i]));
      }
    }
#endif
}

}  // namespace knit::cuda
