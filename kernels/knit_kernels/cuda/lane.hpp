// SPDX-License-Identifier: BSL-1.0
// lane.hpp -- in: float or double. out: the same as a thread of a GPU computes with it, and the functions that ops call.
#pragma once
#include <cmath>
#include <knit/core/device.hpp>
#include <knit_kernels/cuda/sine.hpp>
#include <limits>

namespace knit::cuda {

/// One number of a thread. Sums and products are rounded one by one, never contracted, so that a kernel gives the same
/// bits on a GPU and on a host; whoever wants both at once says fma. On a GPU quotients, roots and functions of floats are
/// within 2 units in the last place (exp, log, tanh: of CUDA's own), without the calls that correct rounding takes there;
/// zeros, infinities and NaN are as IEEE 754 has them. sin and cos of floats are knit's, the same on both.
template <class T> struct lane {
  T v;

  lane() = default;
  KNIT_FN constexpr lane(T x) : v(x) {}
  template <class U> requires(!std::is_same_v<U, T> && std::is_arithmetic_v<U>) KNIT_FN constexpr explicit lane(U x) : v(T(x)) {}

  KNIT_FN friend lane operator+(lane a, lane b) {
#ifdef __CUDA_ARCH__
    if constexpr (sizeof(T) == 4) return __fadd_rn(a.v, b.v);
    else return __dadd_rn(a.v, b.v);
#else
    return a.v + b.v;
#endif
  }
  KNIT_FN friend lane operator-(lane a, lane b) { return a + -b; }
  KNIT_FN friend lane operator*(lane a, lane b) {
#ifdef __CUDA_ARCH__
    if constexpr (sizeof(T) == 4) return __fmul_rn(a.v, b.v);
    else return __dmul_rn(a.v, b.v);
#elif defined(__GNUC__) && !defined(__clang__) && (defined(__x86_64__) || defined(__aarch64__))
    T product = a.v * b.v;
    asm("" : "+x"(product));  // in a register for vectors, or g++ fuses it with a sum that it is a term of
    return product;
#else
    return a.v * b.v;
#endif
  }
  KNIT_FN friend lane operator/(lane a, lane b) {
#ifdef __CUDA_ARCH__
    if constexpr (sizeof(T) == 4) {  // the fast quotient, outside whose range both are scaled
      const float size = fabsf(b.v), by = size > 0x1p126f ? 0.25f : size < 0x1p-126f ? 0x1p24f : 1.0f;
      return __fdividef(__fmul_rn(a.v, by), __fmul_rn(b.v, by));
    }
#endif
    return a.v / b.v;
  }
  KNIT_FN friend lane operator-(lane a) { return -a.v; }
  KNIT_FN friend bool operator<(lane a, lane b) { return a.v < b.v; }
  KNIT_FN friend bool operator<=(lane a, lane b) { return a.v <= b.v; }
  KNIT_FN friend bool operator>(lane a, lane b) { return a.v > b.v; }
  KNIT_FN friend bool operator>=(lane a, lane b) { return a.v >= b.v; }
  KNIT_FN friend bool operator==(lane a, lane b) { return a.v == b.v; }
  KNIT_FN friend bool operator!=(lane a, lane b) { return a.v != b.v; }

  KNIT_FN friend lane select(bool c, lane a, lane b) { return c ? a : b; }
  KNIT_FN friend lane fma(lane a, lane b, lane c) { return std::fma(a.v, b.v, c.v); }
  KNIT_FN friend lane exp(lane x) { return std::exp(x.v); }
  KNIT_FN friend lane log(lane x) { return std::log(x.v); }
  KNIT_FN friend lane sin(lane x) {
    if constexpr (sizeof(T) == 4) return detail::wave<false>(x.v);
    else return std::sin(x.v);
  }
  KNIT_FN friend lane cos(lane x) {
    if constexpr (sizeof(T) == 4) return detail::wave<true>(x.v);
    else return std::cos(x.v);
  }
  KNIT_FN friend lane tanh(lane x) { return std::tanh(x.v); }
  KNIT_FN friend lane floor(lane x) { return std::floor(x.v); }
  KNIT_FN friend lane sqrt(lane x) {
#ifdef __CUDA_ARCH__
    if constexpr (sizeof(T) == 4) {
      const float r = rsqrtf(x.v), s = __fmul_rn(x.v, r);
      const float refined = fmaf(fmaf(-s, s, x.v), 0.5f * r, s);
      return x.v == 0 || x.v == std::numeric_limits<float>::infinity() ? x.v : refined;
    }
#endif
    return std::sqrt(x.v);
  }
  KNIT_FN friend lane abs(lane x) { return x.v < 0 ? -x.v : x.v == 0 ? T(0) : x.v; }
  KNIT_FN friend lane max(lane a, lane b) { return a.v > b.v ? a : b; }
  KNIT_FN friend lane min(lane a, lane b) { return a.v < b.v ? a : b; }
  KNIT_FN friend lane sigm(lane x) {
    const lane e = exp(lane(x.v < 0 ? x.v : -x.v));
    return lane(x.v < 0 ? e.v : T(1)) / (lane(T(1)) + e);
  }
  template <class F> KNIT_FN friend lane each(lane x, lane y, F f) { return f(x.v, y.v); }
};

}  // namespace knit::cuda
