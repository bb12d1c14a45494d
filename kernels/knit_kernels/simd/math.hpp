// SPDX-License-Identifier: BSL-1.0
// math.hpp -- in: lanes. out: exp, log, tanh, sigm within 1.25, 1.5, 2, 3 ulp, IEEE at the edges.

#pragma once

#include <knit_kernels/simd/lanes.hpp>

#include <limits>

#if HWY_TARGET <= HWY_AVX3
#include <immintrin.h>
#endif

// Polynomials are minimax fits made for these intervals; tests/kernels/lanes.cpp measures them.
// Nothing here survives -ffast-math: rounding by a large constant is the point of `nearest`.
namespace knit::simd {
inline namespace HWY_NAMESPACE {

namespace detail {

/// c0 + x*(c1 + x*(c2 + ...))
template <class... C> HWY_API lanes horner(lanes x, float c0, C... rest) {
  if constexpr (sizeof...(rest) == 0) return c0;
  else return fma(horner(x, rest...), x, c0);
}

/// The integer nearest to a*b, for |a*b| < 2^22.
HWY_API lanes nearest(lanes a, lanes b) {
  constexpr float shift = 0x1.8p23f;
  return fma(a, b, shift) - shift;
}

/// p * 2^n for integers |n| <= 252, rounded once: overflows to infinity, underflows through the denormals.
HWY_API lanes scale(lanes p, lanes n) {
#if HWY_TARGET <= HWY_AVX3
  if constexpr (lanes::count == 16) return lanes(hn::Vec<lanes::tag>{_mm512_scalef_ps(p.v.raw, n.v.raw)});
#endif
  constexpr int_tag tag;
  auto const power = [](auto i) {
    constexpr int_tag t;
    return lanes(hn::BitCast(lanes::tag(), hn::ShiftLeft<23>(hn::Add(i, hn::Set(t, 127)))));
  };
  auto const i = hn::ConvertTo(tag, n.v);
  auto const half = hn::ShiftRight<1>(i);
  return p * power(half) * power(hn::Sub(i, half));
}

/// exp where no clamp is needed: -104 <= x <= 89, or NaN.
HWY_API lanes exp_within(lanes x) {
  lanes const n = nearest(x, 0x1.715476p0f);
  lanes r = fma(n, -0x1.62e4p-1f, x);  // ln 2 in two parts, the first short enough for n * part to be exact
  r = fma(n, -0x1.7f7d1cp-20f, r);
  return scale(horner(r, 1.f, 1.f, 4.999999345e-1f, 1.666652065e-1f, 4.166838744e-2f, 8.368715066e-3f,
                      1.381463205e-3f),
               n);
}

/// 1/x to about 1 unit in the last place, for x and 1/x normal and finite; NaN stays NaN.
HWY_API lanes reciprocal(lanes x) {
  if constexpr (has_avx512) {  // 14 bits and one step of Newton: a third of the cost of a division
    lanes const y(hn::ApproximateReciprocal(x.v));
    return fma(y, fma(-x, y, 1.f), y);
  } else {
    return 1.f / x;
  }
}

struct split {
  lanes exponent, mantissa;
};

/// x = mantissa * 2^exponent with a mantissa in [3/4, 3/2), for x > 0; denormals too.
HWY_API split split_exponent(lanes x) {
  constexpr int_tag tag;
  mask const denormal = x < 0x1p-126f;
  auto const bits = hn::BitCast(tag, select(denormal, x * 0x1p23f, x).v);
  auto const above = hn::Sub(bits, hn::Set(tag, 0x3f400000));  // the bits of 3/4
  auto const m = hn::Add(hn::And(above, hn::Set(tag, 0x007fffff)), hn::Set(tag, 0x3f400000));
  lanes const e(hn::ConvertTo(lanes::tag(), hn::ShiftRight<23>(above)));
  return {e - select(denormal, 23.f, 0.f), lanes(hn::BitCast(lanes::tag(), m))};
}

/// log(mantissa * 2^exponent). Both parts of ln 2 are positive: else an infinite exponent gave inf - inf.
HWY_API lanes log_of(split s) {
  lanes const f = s.mantissa - 1.f, f2 = f * f;
  lanes const p = horner(f, 3.333344910e-1f, -2.500009577e-1f, 1.999086148e-1f, -1.664731387e-1f,
                         1.447839440e-1f, -1.316118476e-1f, 1.046302146e-1f, -4.507493172e-2f);
  lanes const tail = fma(f2, fma(p, f, -0.5f), s.exponent * 0x1.efa39ep-25f);
  return fma(s.exponent, 0x1.62e42ep-1f, f + tail);
}

}  // namespace detail

/// e^x; 0 at -inf, inf at inf and beyond 88.72, NaN at NaN.
HWY_API lanes exp(lanes x) { return detail::exp_within(max(-104.f, min(89.f, x))); }

/// The natural logarithm; -inf at 0, inf at inf, NaN below 0 and at NaN.
HWY_API lanes log(lanes x) {
#if HWY_TARGET <= HWY_AVX3
  if constexpr (lanes::count == 16) {  // the instructions know every special case
    using raw = hn::Vec<lanes::tag>;
    auto const m = _mm512_getmant_ps(x.v.raw, _MM_MANT_NORM_p75_1p5, _MM_MANT_SIGN_nan);
    lanes const e = lanes(raw{_mm512_getexp_ps(x.v.raw)}) - lanes(raw{_mm512_getexp_ps(m)});
    return detail::log_of({e, lanes(raw{m})});
  }
#endif
  lanes const inf = std::numeric_limits<float>::infinity();
  lanes const y = detail::log_of(detail::split_exponent(x));
  lanes const edge =
      select(x == 0.f, -inf, select(x < 0.f, inf - inf, x));  // inf and NaN are their own logarithms
  return select((x > 0.f) & (x < inf), y, edge);
}

/// The hyperbolic tangent, relatively exact near 0, -0 included.
HWY_API lanes tanh(lanes x) {
  lanes const y = min(10.f, abs(x));
  lanes const y2 = y * y;
  lanes const series = fma(y * y2,
                           detail::horner(y2, -3.333328194e-1f, 1.333144219e-1f, -5.373971476e-2f,
                                          2.063908747e-2f, -5.704988309e-3f),
                           y);
  lanes const by_exp = fma(-2.f, detail::reciprocal(detail::exp_within(y + y) + 1.f), 1.f);
  return copysign(select(y < 0.625f, series, by_exp), x);
}

/// 1 / (1 + e^-x), relatively exact on both sides: sigm(-100) is 3.8e-44, not 0.
HWY_API lanes sigm(lanes x) {
  lanes const z = detail::exp_within(max(-104.f, -abs(x)));
  return select(x < 0.f, z, 1.f) * detail::reciprocal(1.f + z);
}

}  // namespace HWY_NAMESPACE
}  // namespace knit::simd
