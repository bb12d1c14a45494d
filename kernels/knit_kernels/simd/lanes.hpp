// SPDX-License-Identifier: BSL-1.0
// lanes.hpp -- in: floats, bytes, integers in memory. out: `lanes`, a register of floats, and its arithmetic.

#pragma once

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>

// HWY_NAMESPACE names the instruction set, so units compiled for different ones never share a symbol.
// HWY_API is Highway's spelling of `static inline`, always inlined.
namespace knit::simd {
inline namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// A register of `count` floats. Targets without a fixed register size (SVE, RVV) are not supported.
struct lanes {
  using tag = hn::ScalableTag<float>;
  static constexpr int count = static_cast<int>(hn::MaxLanes(tag()));

  hn::Vec<tag> v;

  lanes() = default;
  HWY_INLINE lanes(float x) : v(hn::Set(tag(), x)) {}
  HWY_INLINE explicit lanes(hn::Vec<tag> x) : v(x) {}
};

/// One truth value per lane.
struct mask {
  hn::Mask<lanes::tag> m;
};

namespace detail {
using int_tag = hn::Rebind<std::int32_t, lanes::tag>;
using byte_tag = hn::Rebind<std::uint8_t, lanes::tag>;

constexpr bool is_x86 = HWY_ARCH_X86 && HWY_TARGET != HWY_EMU128 && HWY_TARGET != HWY_SCALAR;
constexpr bool has_avx512 = HWY_TARGET <= HWY_AVX3;
constexpr bool has_masked_memory = HWY_TARGET <= HWY_AVX2;  // its instructions do not touch masked-out memory
constexpr bool floor_keeps_sign = is_x86 && HWY_TARGET <= HWY_SSE4;  // Highway's emulation makes +0 of -0
}  // namespace detail

// Arithmetic, lane by lane.

HWY_API lanes operator+(lanes a, lanes b) { return lanes(hn::Add(a.v, b.v)); }
HWY_API lanes operator-(lanes a, lanes b) { return lanes(hn::Sub(a.v, b.v)); }
HWY_API lanes operator*(lanes a, lanes b) { return lanes(hn::Mul(a.v, b.v)); }
HWY_API lanes operator/(lanes a, lanes b) { return lanes(hn::Div(a.v, b.v)); }
HWY_API lanes operator-(lanes a) { return lanes(hn::Neg(a.v)); }
HWY_API lanes operator+(lanes a) { return a; }
HWY_API lanes& operator+=(lanes& a, lanes b) { return a = a + b; }
HWY_API lanes& operator-=(lanes& a, lanes b) { return a = a - b; }
HWY_API lanes& operator*=(lanes& a, lanes b) { return a = a * b; }
HWY_API lanes& operator/=(lanes& a, lanes b) { return a = a / b; }

/// a*b + c, rounded once where the target can.
HWY_API lanes fma(lanes a, lanes b, lanes c) { return lanes(hn::MulAdd(a.v, b.v, c.v)); }
HWY_API lanes abs(lanes a) { return lanes(hn::Abs(a.v)); }
HWY_API lanes sqrt(lanes a) { return lanes(hn::Sqrt(a.v)); }
HWY_API lanes copysign(lanes magnitude, lanes sign) { return lanes(hn::CopySign(magnitude.v, sign.v)); }
HWY_API lanes floor(lanes a) {
  lanes const down(hn::Floor(a.v));
  return detail::floor_keeps_sign ? down : copysign(down, a);
}

// Comparison and choice. A comparison with NaN is false, except !=.

HWY_API mask operator<(lanes a, lanes b) { return {hn::Lt(a.v, b.v)}; }
HWY_API mask operator>(lanes a, lanes b) { return {hn::Gt(a.v, b.v)}; }
HWY_API mask operator<=(lanes a, lanes b) { return {hn::Le(a.v, b.v)}; }
HWY_API mask operator>=(lanes a, lanes b) { return {hn::Ge(a.v, b.v)}; }
HWY_API mask operator==(lanes a, lanes b) { return {hn::Eq(a.v, b.v)}; }
HWY_API mask operator!=(lanes a, lanes b) { return {hn::Not(hn::Eq(a.v, b.v))}; }  // Highway's Ne is false for NaN
HWY_API mask operator&(mask a, mask b) { return {hn::And(a.m, b.m)}; }
HWY_API mask operator|(mask a, mask b) { return {hn::Or(a.m, b.m)}; }
HWY_API mask operator!(mask a) { return {hn::Not(a.m)}; }
HWY_API bool any(mask a) { return !hn::AllFalse(lanes::tag(), a.m); }
HWY_API bool all(mask a) { return hn::AllTrue(lanes::tag(), a.m); }

/// `yes` where the mask is set, `no` elsewhere.
HWY_API lanes select(mask m, lanes yes, lanes no) { return lanes(hn::IfThenElse(m.m, yes.v, no.v)); }

/// a < b ? a : b -- so b where either is NaN: min(bound, x) keeps a NaN of x, min(x, bound) drops it.
HWY_API lanes min(lanes a, lanes b) {
  if constexpr (detail::is_x86) return lanes(hn::Min(a.v, b.v));
  else return select(a < b, a, b);
}

/// a > b ? a : b -- so b where either is NaN: max(0, x) keeps a NaN of x, max(x, 0) drops it.
HWY_API lanes max(lanes a, lanes b) {
  if constexpr (detail::is_x86) return lanes(hn::Max(a.v, b.v));
  else return select(a > b, a, b);
}

/// 0, 1, 2, ...
HWY_API lanes iota() { return lanes(hn::Iota(lanes::tag(), 0)); }

/// The first n lanes; 0 <= n <= count, here and in every function with an n.
HWY_API mask first_n(int n) { return {hn::FirstN(lanes::tag(), static_cast<std::size_t>(n))}; }

// Memory. No alignment is asked for; load_n and store_n touch the first n elements only, and load_n
// and gather_n fill the other lanes with zero.

HWY_API lanes load(float const* p) { return lanes(hn::LoadU(lanes::tag(), p)); }

/// p is aligned to a whole register.
HWY_API lanes load_aligned(float const* p) { return lanes(hn::Load(lanes::tag(), p)); }

HWY_API lanes load(std::int32_t const* p) {
  return lanes(hn::ConvertTo(lanes::tag(), hn::LoadU(detail::int_tag(), p)));
}

/// Bytes become the floats 0 to 255.
HWY_API lanes load(std::uint8_t const* p) {
  return lanes(
      hn::ConvertTo(lanes::tag(), hn::PromoteTo(detail::int_tag(), hn::LoadU(detail::byte_tag(), p))));
}

namespace detail {
template <class T> HWY_API lanes load_n_by_copy(T const* p, int n) {
  T all[lanes::count] = {};
  for (int i = 0; i < n; ++i) all[i] = p[i];
  return load(all);
}
}  // namespace detail

HWY_API lanes load_n(float const* p, int n) {
  if constexpr (detail::has_masked_memory) return lanes(hn::MaskedLoad(first_n(n).m, lanes::tag(), p));
  else return detail::load_n_by_copy(p, n);
}

HWY_API lanes load_n(std::int32_t const* p, int n) {
  constexpr detail::int_tag tag;
  if constexpr (detail::has_masked_memory) {
    auto const first = hn::FirstN(tag, static_cast<std::size_t>(n));
    return lanes(hn::ConvertTo(lanes::tag(), hn::MaskedLoad(first, tag, p)));
  } else {
    return detail::load_n_by_copy(p, n);
  }
}

HWY_API lanes load_n(std::uint8_t const* p, int n) {
  constexpr detail::byte_tag tag;
  if constexpr (detail::has_avx512) {
    auto const bytes = hn::MaskedLoad(hn::FirstN(tag, static_cast<std::size_t>(n)), tag, p);
    return lanes(hn::ConvertTo(lanes::tag(), hn::PromoteTo(detail::int_tag(), bytes)));
  } else {
    return detail::load_n_by_copy(p, n);
  }
}

HWY_API void store(float* p, lanes a) { hn::StoreU(a.v, lanes::tag(), p); }

/// p is aligned to a whole register.
HWY_API void store_aligned(float* p, lanes a) { hn::Store(a.v, lanes::tag(), p); }

HWY_API void store_n(float* p, lanes a, int n) {
  if constexpr (detail::has_masked_memory) {
    hn::BlendedStore(a.v, first_n(n).m, lanes::tag(), p);
  } else {
    float all[lanes::count];
    store(all, a);
    for (int i = 0; i < n; ++i) p[i] = all[i];
  }
}

/// Lane i is base[i*stride].
HWY_API lanes gather(float const* base, int stride) {
  constexpr detail::int_tag tag;
  return lanes(hn::GatherIndex(lanes::tag(), base, hn::Mul(hn::Iota(tag, 0), hn::Set(tag, stride))));
}

/// Lane i is base[i*stride] for i < n.
HWY_API lanes gather_n(float const* base, int stride, int n) {
  constexpr detail::int_tag tag;
  if (n <= 0) return 0.f;
  // Lanes beyond n read base[0], which exists, and are cleared.
  auto const at = hn::IfThenElseZero(hn::FirstN(tag, static_cast<std::size_t>(n)),
                                     hn::Mul(hn::Iota(tag, 0), hn::Set(tag, stride)));
  return lanes(hn::IfThenElseZero(first_n(n).m, hn::GatherIndex(lanes::tag(), base, at)));
}

// Reduction. The tree is fixed: the upper half of the lanes joins the lower half until one is left.

namespace detail {
template <class Tag, class Vec, class Join> HWY_API float reduce(Tag, Vec v, Join join) {
  // Unqualified, because narrow targets lack some of these names.
  if constexpr (hn::MaxLanes(Tag()) > 4) {
    constexpr hn::Half<Tag> half;
    return reduce(half, join(LowerHalf(half, v), UpperHalf(half, v)), join);
  } else if constexpr (hn::MaxLanes(Tag()) == 4) {
    auto const pairs = join(v, Shuffle1032(v));
    return GetLane(join(pairs, Shuffle2301(pairs)));
  } else {
    static_assert(hn::MaxLanes(Tag()) == 1);
    return GetLane(v);
  }
}
}  // namespace detail

HWY_API float reduce_add(lanes a) {
  return detail::reduce(lanes::tag(), a.v, [](auto x, auto y) { return hn::Add(x, y); });
}

/// The greatest lane; which one wins is unspecified where a lane is NaN.
HWY_API float reduce_max(lanes a) {
  return detail::reduce(lanes::tag(), a.v, [](auto x, auto y) { return hn::Max(x, y); });
}

}  // namespace HWY_NAMESPACE
}  // namespace knit::simd
