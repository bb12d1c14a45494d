// SPDX-License-Identifier: BSL-1.0
// math.hpp -- in: lanes. out: exp, log, sin, cos, tanh, sigm, IEEE at the edges: of floats within 1.25, 1.5, 2, 2, 2.75,
// 2.5 ulp, of doubles within 1.25, 1.5, 2, 2, 3, 3.

#pragma once

#include <knit_kernels/simd/lanes.hpp>

#include <cmath>
#include <limits>
#include <type_traits>

#if HWY_TARGET <= HWY_AVX3
#include <immintrin.h>
#endif

// Polynomials are minimax fits made for these intervals; tests/kernels/lanes.cpp measures them, slow_math.cpp at every
// float, and bench/math.cpp what they take. Those of doubles: Remez's exchange in 60 digits for the least relative error
// of what is computed from them, each coefficient then rounded.
// Nothing here survives -ffast-math: rounding by a large constant is the point of `nearest`.
namespace knit::simd {
inline namespace HWY_NAMESPACE {

namespace detail {

/// c0 + x*(c1 + x*(c2 + ...))
template <class T, class... C> HWY_API basic_lanes<T> horner(basic_lanes<T> x, std::type_identity_t<T> c0, C... rest) {
  if constexpr (sizeof...(rest) == 0) return c0;
  else return fma(horner(x, rest...), x, c0);
}

/// The integer nearest to a*b, for |a*b| < 2^22, of doubles 2^51.
template <class T> HWY_API basic_lanes<T> nearest(basic_lanes<T> a, std::type_identity_t<T> b) {
  constexpr T shift = std::is_same_v<T, float> ? T(0x1.8p23) : T(0x1.8p52);
  return fma(a, b, shift) - shift;
}

/// p * 2^n for integers |n| <= 252, of doubles 2044, rounded once: overflows to infinity, underflows through the
/// denormals. Of 16 lanes n may have a fraction, which is dropped: 2^floor(n).
template <class T> HWY_API basic_lanes<T> scale(basic_lanes<T> p, basic_lanes<T> n) {
  using lanes = basic_lanes<T>;
#if HWY_TARGET <= HWY_AVX3
  if constexpr (lanes::count == 16) return lanes(hn::Vec<typename lanes::tag>{_mm512_scalef_ps(p.v.raw, n.v.raw)});
  else if constexpr (std::is_same_v<T, double> && lanes::count == 8)
    return lanes(hn::Vec<typename lanes::tag>{_mm512_scalef_pd(p.v.raw, n.v.raw)});
#endif
  constexpr wide_tag<T> tag;
  auto const power = [](auto i) {
    constexpr wide_tag<T> t;
    constexpr int place = std::is_same_v<T, float> ? 23 : 52;
    constexpr wide<T> bias = std::is_same_v<T, float> ? 127 : 1023;
    return lanes(hn::BitCast(typename lanes::tag(), hn::ShiftLeft<place>(hn::Add(i, hn::Set(t, bias)))));
  };
  constexpr T shift = std::is_same_v<T, float> ? T(0x1.8p23) : T(0x1.8p52);  // the last place of n + shift is 1: its bits count
  auto const i = hn::Sub(hn::BitCast(tag, (n + shift).v), hn::BitCast(tag, lanes(shift).v));
  auto const half = hn::ShiftRight<1>(i);
  return p * power(half) * power(hn::Sub(i, half));
}

#if HWY_TARGET <= HWY_AVX3
/// 2^(i/16) as a float, and what that lacks, relative to it.
alignas(64) inline constexpr float root[16] = {
    0x1p0f,        0x1.0b5586p0f, 0x1.172b84p0f, 0x1.2387a6p0f, 0x1.306fep0f,  0x1.3dea64p0f, 0x1.4bfdaep0f, 0x1.5ab07ep0f,
    0x1.6a09e6p0f, 0x1.7a1148p0f, 0x1.8ace54p0f, 0x1.9c4918p0f, 0x1.ae89fap0f, 0x1.c199bep0f, 0x1.d5818ep0f, 0x1.ea4afap0f};
alignas(64) inline constexpr float root_rest[16] = {0,          4.629e-8f,  -1.199e-8f, 4.730e-8f,  3.193e-8f, 3.621e-8f,
                                                    -3.099e-8f, -7.475e-9f, 1.711e-8f,  -3.048e-8f, 5.233e-9f, 6.108e-9f,
                                                    -1.472e-8f, -5.259e-9f, -6.128e-9f, 5.141e-9f};

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

/// e^x of x = n ln 2 + r, without the factor 2^n.
HWY_API lanes exp_of_rest(lanes x, lanes n) {
  lanes r = fma(n, -0x1.62e4p-1f, x);  // ln 2 in two parts, the first short enough for n * part to be exact
  r = fma(n, -0x1.7f7d1cp-20f, r);
  return horner(r, 1.f, 1.f, 4.999999345e-1f, 1.666652065e-1f, 4.166838744e-2f, 8.368715066e-3f, 1.381463205e-3f);
}

/// exp where no clamp is needed: -104 <= x <= 89, or NaN.
HWY_API lanes exp_within(lanes x) {
#if HWY_TARGET <= HWY_AVX3
  if constexpr (lanes::count == 16) return exp_by_roots(x);
#endif
  lanes const n = nearest(x, 0x1.715476p0f);
  return scale(exp_of_rest(x, n), n);
}

/// The same where -104 <= x <= 0, or NaN: n is not below -150, so 2^(n + 64) is a normal number.
HWY_API lanes exp_of_negative(lanes x) {
#if HWY_TARGET <= HWY_AVX3
  if constexpr (lanes::count == 16) return exp_by_roots(x);
#endif
  constexpr float shift = 0x1.8p23f + 127 + 64;  // as in `nearest`, and n comes with the bias of an exponent
  lanes const z = fma(x, 0x1.715476p0f, shift);
  lanes const power(hn::BitCast(lanes::tag(), hn::ShiftLeft<23>(hn::BitCast(wide_tag<float>(), z.v))));
  return exp_of_rest(x, z - shift) * power * 0x1p-64f;
}

/// e^r - 1 for |r| <= ln 2 / 2, relatively exact near 0: the error of the fit is 2^-60.
HWY_API basic_lanes<double> exp_less_one(basic_lanes<double> r) {
  return fma(r * r,
             horner(r, 0.5, 0.16666666666666677, 0.041666666666666512, 0.0083333333333216915, 0.0013888888888962307,
                    0.00019841269885967615, 2.4801587172643174e-05, 2.7557244372552679e-06, 2.7557402565219654e-07,
                    2.5108979430100021e-08, 2.0875351423144214e-09),
             r);
}

/// x - n ln 2 for whole n; ln 2 in two parts, the first short enough for n * part to be exact.
HWY_API basic_lanes<double> less_ln2(basic_lanes<double> x, basic_lanes<double> n) {
  return fma(n, -0x1.ef35793c76730p-45, fma(n, -0x1.62e42fefa3800p-1, x));
}

/// exp where no clamp is needed: -746 <= x <= 710, or NaN.
HWY_API basic_lanes<double> exp_within(basic_lanes<double> x) {
  auto const n = nearest(x, 0x1.71547652b82fep0);
  return scale(1. + exp_less_one(less_ln2(x, n)), n);
}

template <class T> struct split {
  basic_lanes<T> exponent, mantissa;
};

/// x = mantissa * 2^exponent with a mantissa in [3/4, 3/2), for x > 0; denormals too.
template <class T> HWY_API split<T> split_exponent(basic_lanes<T> x) {
  using lanes = basic_lanes<T>;
  constexpr bool single = std::is_same_v<T, float>;
  constexpr int place = single ? 23 : 52;
  constexpr wide<T> three_quarters = single ? 0x3f400000 : wide<T>(0x3fe8000000000000);  // its bits
  constexpr wide<T> below_place = (wide<T>(1) << place) - 1;
  constexpr wide_tag<T> tag;
  basic_mask<T> const denormal = x < std::numeric_limits<T>::min();
  auto const bits = hn::BitCast(tag, select(denormal, x * T(wide<T>(1) << place), x).v);
  auto const above = hn::Sub(bits, hn::Set(tag, three_quarters));
  auto const m = hn::Add(hn::And(above, hn::Set(tag, below_place)), hn::Set(tag, three_quarters));
  lanes const e(hn::ConvertTo(typename lanes::tag(), hn::ShiftRight<place>(above)));
  return {e - select(denormal, T(place), T(0)), lanes(hn::BitCast(typename lanes::tag(), m))};
}

/// log(mantissa * 2^exponent). Both parts of ln 2 are positive: else an infinite exponent gave inf - inf.
HWY_API lanes log_of(split<float> s) {
  lanes const f = s.mantissa - 1.f, f2 = f * f;
  lanes const p = fma(f2,
                      fma(f2, fma(f2, fma(f, -4.507493172e-2f, 1.046302146e-1f), fma(f, -1.316118476e-1f, 1.447839440e-1f)),
                          fma(f, -1.664731387e-1f, 1.999086148e-1f)),
                      fma(f, -2.500009577e-1f, 3.333344910e-1f));
  lanes const tail = fma(f2, fma(p, f, -0.5f), s.exponent * 0x1.efa39ep-25f);
  return fma(s.exponent, 0x1.62e42ep-1f, f + tail);
}

/// With m - 1 = f and q = f / (2 + f), log(m) is 2 atanh(q) = f - q (f - R), where R = 2/3 q^2 + 2/5 q^4 + ... is fitted
/// over q^2 <= 1/25: as in fdlibm, whose mantissas lie around 1 a little closer.
HWY_API basic_lanes<double> log_of(split<double> s) {
  auto const f = s.mantissa - 1., q = f / (2. + f), z = q * q;
  auto const r = z * horner(z, 0.66666666666666596, 0.40000000000055708, 0.28571428556058215, 0.22222224270981752,
                            0.18181667374228819, 0.1539106383358759, 0.13174395849936896, 0.13837720721169286);
  return fma(s.exponent, 0x1.62e42fefa3800p-1, f + fma(-q, f - r, s.exponent * 0x1.ef35793c76730p-45));
}

/// The logarithm where no instruction knows the special cases.
template <class T> HWY_API basic_lanes<T> log_with_edges(basic_lanes<T> x) {
  basic_lanes<T> const inf = std::numeric_limits<T>::infinity();
  auto const y = log_of(split_exponent(x));
  auto const edge = select(x == T(0), -inf, select(x < T(0), inf - inf, x));  // inf and NaN are their own logarithms
  return select((x > T(0)) & (x < inf), y, edge);
}

/// Up to here sin and cos reduce an angle by parts of pi/2. Without a fused multiply-add n * part must be exact.
template <class T> inline constexpr T farthest_angle =
    std::is_same_v<T, float> ? (HWY_NATIVE_FMA ? T(1e5) : T(1e4)) : (HWY_NATIVE_FMA ? T(1e9) : T(1e6));

/// x - n pi/2 for whole n, pi/2 in parts (Cody, Waite: Software Manual for the Elementary Functions, 1980). The first
/// differences are exact, so what a later one loses is little beside the rest, however near x lies to n pi/2.
HWY_API lanes less_quarters(lanes x, lanes n) {
#if HWY_NATIVE_FMA
  return fma(n, 0x1.ee59dap-50f, fma(n, 0x1.777a5cp-25f, fma(n, -0x1.921fb6p0f, x)));
#else
  lanes const r = fma(n, -0x1.fb4p-12f, fma(n, -0x1.92p0f, x)), part = n * 0x1.444p-24f, s = r - part;
  return s + ((r - s - part) - n * 0x1.68c234p-39f);  // rounded once
#endif
}
HWY_API basic_lanes<double> less_quarters(basic_lanes<double> x, basic_lanes<double> n) {
#if HWY_NATIVE_FMA
  return fma(n, 0x1.f1976b7ed8fbcp-110, fma(n, -0x1.1a62633145c07p-54, fma(n, -0x1.921fb54442d18p0, x)));
#else
  auto const r = fma(n, -0x1.921fb544p0, x), part = n * 0x1.0b4611a6p-34, s = r - part;
  return s + ((r - s - part) - n * 0x1.3198a2e037073p-69);
#endif
}

/// sin(r) and cos(r) for |r| <= 0.79, z = r r: errors of the fits 2^-27 and 2^-32, of doubles 2^-57 and 2^-63.
HWY_API lanes sine_of_rest(lanes r, lanes z) {
  return fma(r * z, horner(z, -1.666665375e-1f, 8.332106285e-3f, -1.950788283e-4f), r);
}
HWY_API lanes cosine_of_rest(lanes z) {
  return fma(z * z, horner(z, 4.166664556e-2f, -1.388730365e-3f, 2.443120138e-5f), fma(z, -0.5f, 1.f));
}
HWY_API basic_lanes<double> sine_of_rest(basic_lanes<double> r, basic_lanes<double> z) {
  return fma(r * z,
             horner(z, -0.16666666666666627, 0.008333333333321128, -0.00019841269828771606, 2.755731332989924e-06,
                    -2.5050701024371478e-08, 1.5893462708060906e-10),
             r);
}
HWY_API basic_lanes<double> cosine_of_rest(basic_lanes<double> z) {
  return fma(z * z,
             horner(z, 0.04166666666666659, -0.0013888888888872167, 2.4801587288274786e-05, -2.7557314007374055e-07,
                    2.087567684234239e-09, -1.135726452772474e-11),
             fma(z, -0.5, 1.));
}

/// y at the lanes where x lies farther out: as the C library has it, lane by lane. A lane's value does not depend on others.
template <bool Cosine, class T> HWY_NOINLINE void wave_far_out(T const* x, T* y) {
  for (int i = 0; i < basic_lanes<T>::count; ++i)
    if (std::abs(x[i]) > farthest_angle<T>) y[i] = Cosine ? std::cos(x[i]) : std::sin(x[i]);
}

/// sin or cos. Of |x| = n pi/2 + r they are the sine or cosine of r, by n mod 4, with a sign; a cosine is a sine that is a
/// quarter turn ahead, and a sine has the sign of x too, -0 included.
template <bool Cosine, class T> HWY_API basic_lanes<T> wave(basic_lanes<T> x) {
  using lanes = basic_lanes<T>;
  constexpr typename lanes::tag tag;
  constexpr wide_tag<T> ints;
  constexpr int top = 8 * int(sizeof(T)) - 1;
  constexpr T shift = std::is_same_v<T, float> ? T(0x1.8p23) : T(0x1.8p52);  // as in `nearest`; n stands in the last bits
  lanes const size = abs(x), turned = fma(size, T(0x1.45f306dc9c883p-1), shift);
  lanes const r = less_quarters(size, turned - shift), z = r * r;
  auto const n = hn::Add(hn::BitCast(ints, turned.v), hn::Set(ints, wide<T>(Cosine)));
  auto const odd = hn::RebindMask(tag, hn::TestBit(n, hn::Set(ints, 1)));
  auto const negative = hn::BitCast(tag, hn::ShiftLeft<top - 1>(n));
  auto const sign = hn::And(Cosine ? negative : hn::Xor(negative, x.v), hn::SignBit(tag));
  lanes y(hn::Xor(hn::IfThenElse(odd, cosine_of_rest(z).v, sine_of_rest(r, z).v), sign));
  if (any(size > farthest_angle<T>)) {
    T from[lanes::count], to[lanes::count];
    hn::StoreU(x.v, tag, from);
    hn::StoreU(y.v, tag, to);
    wave_far_out<Cosine>(from, to);
    y = lanes(hn::LoadU(tag, to));
  }
  return y;
}

}  // namespace detail

/// e^x; 0 at -inf, inf at inf and beyond 88.72, NaN at NaN.
HWY_API lanes exp(lanes x) { return detail::exp_within(max(-104.f, min(89.f, x))); }
/// Of doubles: inf beyond 709.78.
HWY_API basic_lanes<double> exp(basic_lanes<double> x) { return detail::exp_within(max(-746., min(710., x))); }

/// The natural logarithm; -inf at 0, inf at inf, NaN below 0 and at NaN.
HWY_API lanes log(lanes x) {
#if HWY_TARGET <= HWY_AVX3
  if constexpr (lanes::count == 16) {  // the instructions know every special case
    using raw = hn::Vec<lanes::tag>;
    auto const m = _mm512_getmant_ps(x.v.raw, _MM_MANT_NORM_p75_1p5, _MM_MANT_SIGN_nan);
    lanes const e = lanes(raw{_mm512_getexp_ps(x.v.raw)}) - lanes(raw{_mm512_getexp_ps(m)});
    return detail::log_of(detail::split<float>{e, lanes(raw{m})});
  }
#endif
  return detail::log_with_edges(x);
}
HWY_API basic_lanes<double> log(basic_lanes<double> x) {
#if HWY_TARGET <= HWY_AVX3
  using doubles = basic_lanes<double>;
  if constexpr (doubles::count == 8) {
    using raw = hn::Vec<doubles::tag>;
    auto const m = _mm512_getmant_pd(x.v.raw, _MM_MANT_NORM_p75_1p5, _MM_MANT_SIGN_nan);
    doubles const e = doubles(raw{_mm512_getexp_pd(x.v.raw)}) - doubles(raw{_mm512_getexp_pd(m)});
    return detail::log_of(detail::split<double>{e, doubles(raw{m})});
  }
#endif
  return detail::log_with_edges(x);
}

/// The sine, relatively exact near its zeros, -0 included; NaN at the infinities. Far angles are slow, and right.
template <class T> HWY_API basic_lanes<T> sin(basic_lanes<T> x) { return detail::wave<false>(x); }
/// The cosine, likewise.
template <class T> HWY_API basic_lanes<T> cos(basic_lanes<T> x) { return detail::wave<true>(x); }

/// The hyperbolic tangent, relatively exact near 0, -0 included; 1 from 9.02 on, and never more.
HWY_API lanes tanh(lanes x) {
  // It is e / (e + 2) where e = exp(2y) - 1 = (s - 1) + s (exp(w) - 1), 2y = n ln 2 + w, s = 2^n. Relatively
  // exact for n = 0; where n is large w is not, and the quotient hardly moves. Its terms are grouped in squares
  // and there is a division: as short a chain as we know, since one value at a time waits for all of it.
  lanes const y = min(10.f, abs(x));
  constexpr float shift = 0x1.8p23f + 127;  // as in `nearest`, and n comes with the bias of an exponent
  lanes const z = fma(y, 2 * 0x1.715476p0f, shift);
  lanes const s(hn::BitCast(lanes::tag(), hn::ShiftLeft<23>(hn::BitCast(detail::wide_tag<float>(), z.v))));
  lanes const w = fma(z - shift, -0x1.62e43p-1f, y + y), w2 = w * w;
  lanes const p =
      fma(w2, fma(w2, 1.388251009e-3f, fma(w, 8.366580336e-3f, 4.166720178e-2f)), fma(w, 1.666654318e-1f, 4.999999814e-1f));
  lanes const e = fma(s * w2, p, fma(s, w, s - 1.f));
  return copysign(e / (e + 2.f), x);
}

/// Of doubles by way of e^2x - 1, which is relatively exact too.
HWY_API basic_lanes<double> tanh(basic_lanes<double> x) {
  using V = basic_lanes<double>;
  V const y = min(20., abs(x)), twice = y + y;
  V const n = detail::nearest(twice, 0x1.71547652b82fep0);
  V const power = detail::scale(V(1.), n);
  V const e = fma(power, detail::exp_less_one(detail::less_ln2(twice, n)), power - 1.);
  return copysign(e / (e + 2.), x);
}

/// 1 / (1 + e^-x), relatively exact on both sides: sigm(-100) is 3.8e-44, not 0.
HWY_API lanes sigm(lanes x) {
  lanes const z = detail::exp_of_negative(max(-104.f, -abs(x)));
  return select(x < 0.f, z, 1.f) / (1.f + z);
}
HWY_API basic_lanes<double> sigm(basic_lanes<double> x) {
  auto const z = detail::exp_within(max(-746., -abs(x)));
  return select(x < 0., z, 1.) / (1. + z);
}

}  // namespace HWY_NAMESPACE
}  // namespace knit::simd
