// SPDX-License-Identifier: BSL-1.0
// math.hpp -- in: lanes. out: exp, log, tanh, sigm within 1.25, 1.5, 2.75, 2.5 ulp, IEEE at the edges.

#pragma once

#include <knit_kernels/simd/lanes.hpp>

#include <limits>

#if HWY_TARGET <= HWY_AVX3
#include <immintrin.h>
#endif

// Polynomials are minimax fits made for these intervals; tests/kernels/lanes.cpp measures them, slow_math.cpp
// at every float, and bench/math.cpp what they take.
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
/// Of 16 lanes n may have a fraction, which is dropped: 2^floor(n).
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

#if HWY_TARGET <= HWY_AVX3
/// 2^(i/16) as a float, and what that lacks, relative to it.
alignas(64) inline constexpr float root[16] = {0x1p0f,        0x1.0b5586p0f, 0x1.172b84p0f, 0x1.2387a6p0f,
                                               0x1.306fep0f,  0x1.3dea64p0f, 0x1.4bfdaep0f, 0x1.5ab07ep0f,
                                               0x1.6a09e6p0f, 0x1.7a1148p0f, 0x1.8ace54p0f, 0x1.9c4918p0f,
                                               0x1.ae89fap0f, 0x1.c199bep0f, 0x1.d5818ep0f, 0x1.ea4afap0f};
alignas(64) inline constexpr float root_rest[16] = {
    0,         4.629e-8f,  -1.199e-8f, 4.730e-8f, 3.193e-8f,  3.621e-8f,  -3.099e-8f, -7.475e-9f,
    1.711e-8f, -3.048e-8f, 5.233e-9f,  6.108e-9f, -1.472e-8f, -5.259e-9f, -6.128e-9f, 5.141e-9f};

/// exp where no clamp is needed, of 16 lanes: a register is a table of 16, so a cubic reaches to the next root.
HWY_API lanes exp_by_roots(lanes x) {
  using raw = hn::Vec<lanes::tag>;
  constexpr float shift = 0x1.8p19f;  // as in `nearest`, but the last place is 1/16
  lanes const z = fma(x, 0x1.715476p0f, shift), n = z - shift;
  auto const of = [index = _mm512_castps_si512(z.v.raw)](float const(&table)[16]) {
    return lanes(raw{_mm512_permutexvar_ps(index, _mm512_load_ps(table))});  // by the low 4 bits of the index
  };
  lanes r = fma(n, -0x1.62e43p-1f, x);  // exact
  r = fma(n, 0x1.05c61p-29f, r);
  lanes const p = fma(r * r, fma(r, 1.666704386e-1f, 5.000162545e-1f), r + of(root_rest));
  return scale(fma(of(root), p, of(root)), n);
}
#endif

/// exp where no clamp is needed: -104 <= x <= 89, or NaN.
HWY_API lanes exp_within(lanes x) {
#if HWY_TARGET <= HWY_AVX3
  if constexpr (lanes::count == 16) return exp_by_roots(x);
#endif
  lanes const n = nearest(x, 0x1.715476p0f);
  lanes r = fma(n, -0x1.62e4p-1f, x);  // ln 2 in two parts, the first short enough for n * part to be exact
  r = fma(n, -0x1.7f7d1cp-20f, r);
  return scale(horner(r, 1.f, 1.f, 4.999999345e-1f, 1.666652065e-1f, 4.166838744e-2f, 8.368715066e-3f,
                      1.381463205e-3f),
               n);
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
  lanes const p = fma(
      f2,
      fma(f2, fma(f2, fma(f, -4.507493172e-2f, 1.046302146e-1f), fma(f, -1.316118476e-1f, 1.447839440e-1f)),
          fma(f, -1.664731387e-1f, 1.999086148e-1f)),
      fma(f, -2.500009577e-1f, 3.333344910e-1f));
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

/// The hyperbolic tangent, relatively exact near 0, -0 included; 1 from 9.02 on, and never more.
HWY_API lanes tanh(lanes x) {
  // It is e / (e + 2) where e = exp(2y) - 1 = (s - 1) + s (exp(w) - 1), 2y = n ln 2 + w, s = 2^n. Relatively
  // exact for n = 0; where n is large w is not, and the quotient hardly moves. Its terms are grouped in squares
  // and there is a division: as short a chain as we know, since one value at a time waits for all of it.
  lanes const y = min(10.f, abs(x));
  constexpr float shift = 0x1.8p23f + 127;  // as in `nearest`, and n comes with the bias of an exponent
  lanes const z = fma(y, 2 * 0x1.715476p0f, shift);
  lanes const s(hn::BitCast(lanes::tag(), hn::ShiftLeft<23>(hn::BitCast(detail::int_tag(), z.v))));
  lanes const w = fma(z - shift, -0x1.62e43p-1f, y + y), w2 = w * w;
  lanes const p = fma(w2, fma(w2, 1.388251009e-3f, fma(w, 8.366580336e-3f, 4.166720178e-2f)),
                      fma(w, 1.666654318e-1f, 4.999999814e-1f));
  lanes const e = fma(s * w2, p, fma(s, w, s - 1.f));
  return copysign(e / (e + 2.f), x);
}

/// 1 / (1 + e^-x), relatively exact on both sides: sigm(-100) is 3.8e-44, not 0.
HWY_API lanes sigm(lanes x) {
  lanes const z = detail::exp_within(max(-104.f, -abs(x)));
  return select(x < 0.f, z, 1.f) / (1.f + z);
}

}  // namespace HWY_NAMESPACE
}  // namespace knit::simd
