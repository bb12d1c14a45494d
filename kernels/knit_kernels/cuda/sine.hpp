// SPDX-License-Identifier: BSL-1.0
// sine.hpp -- in: a float. out: its sine and cosine as a thread of a GPU computes them: within 2 units in the last place, in
// registers alone, with the same bits on a host.
#pragma once
#include <bit>
#include <cmath>
#include <cstdint>
#include <knit/core/device.hpp>
#include <limits>

// CUDA's own take stack for large angles, each thread of a kernel that calls them. No product here is a term of a sum but by
// std::fma, so no compiler can contract any.
namespace knit::cuda::detail {

/// 32 bits of 2/pi, the highest first, after as many zeros: a choice, since a table that is indexed lies in memory.
KNIT_FN constexpr std::uint32_t two_over_pi(int word) {
  return word == 0   ? 0
         : word == 1 ? 0xa2f9836e
         : word == 2 ? 0x4e441529
         : word == 3 ? 0xfc2757d1
         : word == 4 ? 0xf534ddc0
         : word == 5 ? 0xdb629599
         : word == 6 ? 0x3c439041
                     : 0xfe5163ab;
}

/// An angle is so many quarters of a turn, but for multiples of 4, and a rest of at most pi/4, nearly.
struct angle {
  std::uint32_t quarters;
  float rest;
};

/// Of x above 2^16: its 24 digits times those of 2/pi that give less than 4 and count (Payne, Hanek: SIGNUM, 1983).
KNIT_FN inline angle far_angle(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const std::uint64_t digits = (bits & 0x7fffff) | 0x800000;
  const int first = int(bits >> 23) - 150 + 30, word = first / 32, by = first % 32;  // x 2/pi is below 4 from bit `first` on
  const std::uint64_t high = std::uint64_t(two_over_pi(word)) << 32 | two_over_pi(word + 1);
  const std::uint64_t low = std::uint64_t(two_over_pi(word + 2)) << 32 | two_over_pi(word + 3);
  const std::uint64_t window = high << by | low >> 1 >> (63 - by), more = low << by >> 32;
  const std::uint64_t turned = digits * window + (digits * more >> 32);  // in units of 2^-62 quarters, modulo 4
  const std::uint64_t quarters = (turned + (std::uint64_t(1) << 61)) >> 62;
  const auto rest = std::int64_t(turned - (quarters << 62));
  return {std::uint32_t(quarters), float(double(rest) * 0x1.921fb54442d18p-62)};
}

/// Of x from 0 on, reduced as in simd/math.hpp.
KNIT_FN inline angle angle_of(float x) {
  if (!(x < std::numeric_limits<float>::infinity())) return {0, x - x};
  if (x > 1e5f) return far_angle(x);
  constexpr float shift = 0x1.8p23f;  // a number that large has no fraction
  const float n = std::fma(x, 0x1.45f306p-1f, shift) - shift;
  const float rest = std::fma(n, 0x1.ee59dap-50f, std::fma(n, 0x1.777a5cp-25f, std::fma(n, -0x1.921fb6p0f, x)));
  return {std::uint32_t(n), rest};
}

/// sin or cos, by the polynomials of simd/math.hpp.
template <bool Cosine> KNIT_FN inline float wave(float x) {
  const auto sign = std::bit_cast<std::uint32_t>(x) & 0x80000000u;
  const angle a = angle_of(std::fabs(x));
  const std::uint32_t n = a.quarters + Cosine;
  const float r = a.rest, z = r * r;
  const float sine = std::fma(r * z, std::fma(std::fma(-1.950788283e-4f, z, 8.332106285e-3f), z, -1.666665375e-1f), r);
  const float cosine =
      std::fma(z * z, std::fma(std::fma(2.443120138e-5f, z, -1.388730365e-3f), z, 4.166664556e-2f), std::fma(z, -0.5f, 1.0f));
  const float y = n & 1 ? cosine : sine;
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(y) ^ ((n & 2) << 30) ^ (Cosine ? 0 : sign));
}

}  // namespace knit::cuda::detail
