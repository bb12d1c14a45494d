// SPDX-License-Identifier: BSL-1.0
// lanes.hpp -- in: numbers, bytes, integers in memory. out: a register of floats or of doubles, and its arithmetic.

#pragma once

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>
#include <type_traits>

// HWY_NAMESPACE names the instruction set, so units compiled for different ones never share a symbol.
// HWY_API is Highway's spelling of `static inline`, always inlined.
namespace knit::simd {
inline namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

namespace detail {
constexpr bool is_x86 = HWY_ARCH_X86 && HWY_TARGET != HWY_EMU128 && HWY_TARGET != HWY_SCALAR;
constexpr bool has_avx512 = HWY_TARGET <= HWY_AVX3;
constexpr bool has_masked_memory = HWY_TARGET <= HWY_AVX2;  // its instructions do not touch masked-out memory
constexpr bool by_halves = is_x86 && !has_avx512;  // a masked store of AVX2 takes some processors 12 cycles and more
constexpr bool floor_keeps_sign = is_x86 && HWY_TARGET <= HWY_SSE4;  // Highway's emulation makes +0 of -0
}  // namespace detail

/// Registers that hold lanes: 16 of x86 without AVX-512, else 32.
inline constexpr int register_count = HWY_ARCH_X86 && hn::MaxLanes(hn::ScalableTag<float>()) < 16 ? 16 : 32;

/// One truth value per lane.
template <class T> struct basic_mask {
  using tag = hn::ScalableTag<T>;
  hn::Mask<tag> m;

  friend HWY_INLINE basic_mask operator&(basic_mask a, basic_mask b) { return {hn::And(a.m, b.m)}; }
  friend HWY_INLINE basic_mask operator|(basic_mask a, basic_mask b) { return {hn::Or(a.m, b.m)}; }
  friend HWY_INLINE basic_mask operator!(basic_mask a) { return {hn::Not(a.m)}; }
  friend HWY_INLINE bool any(basic_mask a) { return !hn::AllFalse(tag(), a.m); }
  friend HWY_INLINE bool all(basic_mask a) { return hn::AllTrue(tag(), a.m); }
};

/// A register of `count` numbers of type T, float or double. Targets without a fixed register size (SVE, RVV) are not
/// supported. What stands within is found by its operands' type alone, so that `2 * x` is one function for each T.
template <class T> struct basic_lanes {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>);
  using tag = hn::ScalableTag<T>;
  using mask = basic_mask<T>;
  static constexpr int count = static_cast<int>(hn::MaxLanes(tag()));

  hn::Vec<tag> v;

  basic_lanes() = default;
  HWY_INLINE basic_lanes(T x) : v(hn::Set(tag(), x)) {}
  HWY_INLINE explicit basic_lanes(hn::Vec<tag> x) : v(x) {}

  // Arithmetic, lane by lane.

  friend HWY_INLINE basic_lanes operator+(basic_lanes a, basic_lanes b) { return basic_lanes(hn::Add(a.v, b.v)); }
  friend HWY_INLINE basic_lanes operator-(basic_lanes a, basic_lanes b) { return basic_lanes(hn::Sub(a.v, b.v)); }
  friend HWY_INLINE basic_lanes operator*(basic_lanes a, basic_lanes b) { return basic_lanes(hn::Mul(a.v, b.v)); }
  friend HWY_INLINE basic_lanes operator/(basic_lanes a, basic_lanes b) { return basic_lanes(hn::Div(a.v, b.v)); }
  friend HWY_INLINE basic_lanes operator-(basic_lanes a) { return basic_lanes(hn::Neg(a.v)); }
  friend HWY_INLINE basic_lanes operator+(basic_lanes a) { return a; }
  friend HWY_INLINE basic_lanes& operator+=(basic_lanes& a, basic_lanes b) { return a = a + b; }
  friend HWY_INLINE basic_lanes& operator-=(basic_lanes& a, basic_lanes b) { return a = a - b; }
  friend HWY_INLINE basic_lanes& operator*=(basic_lanes& a, basic_lanes b) { return a = a * b; }
  friend HWY_INLINE basic_lanes& operator/=(basic_lanes& a, basic_lanes b) { return a = a / b; }

  /// a*b + c, rounded once where the target can.
  friend HWY_INLINE basic_lanes fma(basic_lanes a, basic_lanes b, basic_lanes c) { return basic_lanes(hn::MulAdd(a.v, b.v, c.v)); }
  friend HWY_INLINE basic_lanes abs(basic_lanes a) { return basic_lanes(hn::Abs(a.v)); }
  friend HWY_INLINE basic_lanes sqrt(basic_lanes a) { return basic_lanes(hn::Sqrt(a.v)); }
  friend HWY_INLINE basic_lanes copysign(basic_lanes magnitude, basic_lanes sign) {
    return basic_lanes(hn::CopySign(magnitude.v, sign.v));
  }
  friend HWY_INLINE basic_lanes floor(basic_lanes a) {
    basic_lanes const down(hn::Floor(a.v));
    return detail::floor_keeps_sign ? down : copysign(down, a);
  }

  // Comparison and choice. A comparison with NaN is false, except !=.

  friend HWY_INLINE mask operator<(basic_lanes a, basic_lanes b) { return {hn::Lt(a.v, b.v)}; }
  friend HWY_INLINE mask operator>(basic_lanes a, basic_lanes b) { return {hn::Gt(a.v, b.v)}; }
  friend HWY_INLINE mask operator<=(basic_lanes a, basic_lanes b) { return {hn::Le(a.v, b.v)}; }
  friend HWY_INLINE mask operator>=(basic_lanes a, basic_lanes b) { return {hn::Ge(a.v, b.v)}; }
  friend HWY_INLINE mask operator==(basic_lanes a, basic_lanes b) { return {hn::Eq(a.v, b.v)}; }
  friend HWY_INLINE mask operator!=(basic_lanes a, basic_lanes b) {
    return {hn::Not(hn::Eq(a.v, b.v))};  // Highway's Ne is false for NaN
  }

  /// a < b ? a : b -- so b where either is NaN: min(bound, x) keeps a NaN of x, min(x, bound) drops it.
  friend HWY_INLINE basic_lanes min(basic_lanes a, basic_lanes b) {
    if constexpr (detail::is_x86) return basic_lanes(hn::Min(a.v, b.v));
    else return select(a < b, a, b);
  }

  /// a > b ? a : b -- so b where either is NaN: max(0, x) keeps a NaN of x, max(x, 0) drops it.
  friend HWY_INLINE basic_lanes max(basic_lanes a, basic_lanes b) {
    if constexpr (detail::is_x86) return basic_lanes(hn::Max(a.v, b.v));
    else return select(a > b, a, b);
  }
};

using lanes = basic_lanes<float>;
using mask = basic_mask<float>;

/// `yes` where the mask is set, `no` elsewhere. The mask says of what type these are.
template <class T>
HWY_API basic_lanes<T> select(basic_mask<T> m, std::type_identity_t<basic_lanes<T>> yes, std::type_identity_t<basic_lanes<T>> no) {
  return basic_lanes<T>(hn::IfThenElse(m.m, yes.v, no.v));
}

namespace detail {
// As many of what is in memory as there are lanes of T.
template <class T> using float_tag = hn::Rebind<float, hn::ScalableTag<T>>;
template <class T> using int_tag = hn::Rebind<std::int32_t, hn::ScalableTag<T>>;
template <class T> using byte_tag = hn::Rebind<std::uint8_t, hn::ScalableTag<T>>;
/// Integers as wide as T.
template <class T> using wide_tag = hn::RebindToSigned<hn::ScalableTag<T>>;
template <class T> using wide = hn::TFromD<wide_tag<T>>;

/// 32-bit integers as lanes of T: a promotion where those are wider.
template <class T, class Ints> HWY_API hn::Vec<hn::ScalableTag<T>> number_of_int(Ints i) {
  if constexpr (std::is_same_v<T, float>) return hn::ConvertTo(hn::ScalableTag<T>(), i);
  else return hn::PromoteTo(hn::ScalableTag<T>(), i);
}
}  // namespace detail

/// 0, 1, 2, ...
template <class T = float> HWY_API basic_lanes<T> iota() { return basic_lanes<T>(hn::Iota(hn::ScalableTag<T>(), 0)); }

/// The first n lanes; 0 <= n <= count, here and in every function with an n.
template <class T = float> HWY_API basic_mask<T> first_n(int n) {
  return {hn::FirstN(hn::ScalableTag<T>(), static_cast<std::size_t>(n))};
}

// Memory. No alignment is asked for; load_n and store_n touch the first n elements only, and load_n
// and gather_n fill the other lanes with zero.

/// Lanes of T from what lies at p: floats, doubles (for lanes of double), bytes (0 to 255) or 32-bit integers.
template <class T, class Memory> HWY_API basic_lanes<T> load_as(Memory const* p) {
  constexpr hn::ScalableTag<T> tag;
  constexpr detail::int_tag<T> ints;
  if constexpr (std::is_same_v<Memory, T>) return basic_lanes<T>(hn::LoadU(tag, p));
  else if constexpr (std::is_same_v<Memory, float>) return basic_lanes<T>(hn::PromoteTo(tag, hn::LoadU(detail::float_tag<T>(), p)));
  else if constexpr (std::is_same_v<Memory, std::int32_t>) return basic_lanes<T>(detail::number_of_int<T>(hn::LoadU(ints, p)));
  else {
    static_assert(std::is_same_v<Memory, std::uint8_t>);
    return basic_lanes<T>(detail::number_of_int<T>(hn::PromoteTo(ints, hn::LoadU(detail::byte_tag<T>(), p))));
  }
}

/// The same of the first n.
template <class T, class Memory> HWY_API basic_lanes<T> load_n_as(Memory const* p, int n) {
  constexpr hn::ScalableTag<T> tag;
  constexpr detail::int_tag<T> ints;
  if constexpr (std::is_same_v<Memory, T> && detail::has_masked_memory) {
#if HWY_TARGET != HWY_SCALAR
    if constexpr (detail::by_halves)  // half a register is not had from the store that left it but by a load of as much
      if (__builtin_constant_p(n) && 2 * n == basic_lanes<T>::count)
        return basic_lanes<T>(hn::ZeroExtendVector(tag, hn::LoadU(hn::Half<hn::ScalableTag<T>>(), p)));
#endif
    return basic_lanes<T>(hn::MaskedLoad(first_n<T>(n).m, tag, p));
  } else if constexpr (std::is_same_v<Memory, std::int32_t> && detail::has_masked_memory)
    return basic_lanes<T>(detail::number_of_int<T>(hn::MaskedLoad(hn::FirstN(ints, static_cast<std::size_t>(n)), ints, p)));
  else if constexpr (std::is_same_v<Memory, std::uint8_t> && detail::has_avx512) {
    constexpr detail::byte_tag<T> bytes;
    return basic_lanes<T>(
        detail::number_of_int<T>(hn::PromoteTo(ints, hn::MaskedLoad(hn::FirstN(bytes, static_cast<std::size_t>(n)), bytes, p))));
  } else {
    Memory all[basic_lanes<T>::count] = {};
    for (int i = 0; i < n; ++i) all[i] = p[i];
    return load_as<T>(all);
  }
}

/// The same lanes, in a register: g++ loads what several operations read again for each of them, which is slow where it does
/// not lie on one cache line.
template <class T> HWY_API basic_lanes<T> in_register(basic_lanes<T> a) {
#if defined(__GNUC__) && HWY_ARCH_X86 && HWY_TARGET != HWY_EMU128 && HWY_TARGET != HWY_SCALAR
  asm("" : "+v"(a.v.raw));
#endif
  return a;
}

/// Lane i is p[i] for lo <= i < hi, which alone is touched, and 0 elsewhere; 0 <= lo and hi <= count.
template <class T> HWY_API basic_lanes<T> load_between(T const* p, int lo, int hi) {
  if constexpr (detail::has_masked_memory)
    return basic_lanes<T>(hn::MaskedLoad(hn::AndNot(first_n<T>(lo).m, first_n<T>(hi).m), hn::ScalableTag<T>(), p));
  else {
    T all[basic_lanes<T>::count] = {};
    for (int i = lo; i < hi; ++i) all[i] = p[i];
    return load_as<T>(all);
  }
}

HWY_API lanes load(float const* p) { return load_as<float>(p); }
HWY_API basic_lanes<double> load(double const* p) { return load_as<double>(p); }
HWY_API lanes load(std::int32_t const* p) { return load_as<float>(p); }
HWY_API lanes load(std::uint8_t const* p) { return load_as<float>(p); }
HWY_API lanes load_n(float const* p, int n) { return load_n_as<float>(p, n); }
HWY_API basic_lanes<double> load_n(double const* p, int n) { return load_n_as<double>(p, n); }
HWY_API lanes load_n(std::int32_t const* p, int n) { return load_n_as<float>(p, n); }
HWY_API lanes load_n(std::uint8_t const* p, int n) { return load_n_as<float>(p, n); }

/// p is aligned to a whole register.
template <class T> HWY_API basic_lanes<T> load_aligned(T const* p) { return basic_lanes<T>(hn::Load(hn::ScalableTag<T>(), p)); }

template <class T> HWY_API void store(T* p, basic_lanes<T> a) { hn::StoreU(a.v, hn::ScalableTag<T>(), p); }

/// p is aligned to a whole register.
template <class T> HWY_API void store_aligned(T* p, basic_lanes<T> a) { hn::Store(a.v, hn::ScalableTag<T>(), p); }

#if HWY_TARGET != HWY_SCALAR
namespace detail {
/// The first n, halves first.
template <class Tag, class Vec, class T> HWY_API void store_halves(Tag tag, Vec a, T* p, int n) {
  if constexpr (hn::MaxLanes(Tag()) == 1) {
    if (n > 0) *p = hn::GetLane(a);
  } else {
    constexpr hn::Half<Tag> half;
    constexpr int count = int(hn::MaxLanes(half));
    if (n >= 2 * count) hn::StoreU(a, tag, p);
    else if (n >= count) {
      hn::StoreU(hn::LowerHalf(half, a), half, p);
      store_halves(half, hn::UpperHalf(half, a), p + count, n - count);
    } else store_halves(half, hn::LowerHalf(half, a), p, n);
  }
}
}  // namespace detail
#endif

template <class T> HWY_API void store_n(T* p, basic_lanes<T> a, int n) {
#if HWY_TARGET != HWY_SCALAR
  if constexpr (detail::by_halves) return detail::store_halves(hn::ScalableTag<T>(), a.v, p, n);
#endif
  if constexpr (detail::has_masked_memory) {
    hn::BlendedStore(a.v, first_n<T>(n).m, hn::ScalableTag<T>(), p);
  } else {
    T all[basic_lanes<T>::count];
    store(all, a);
    for (int i = 0; i < n; ++i) p[i] = all[i];
  }
}

/// Doubles rounded to floats.
HWY_API void store(float* p, basic_lanes<double> a) {
  if constexpr (detail::is_x86) {
    hn::StoreU(hn::DemoteTo(detail::float_tag<double>(), a.v), detail::float_tag<double>(), p);
  } else {  // Highway's emulation makes the largest float of what is larger
    double all[basic_lanes<double>::count];
    store(all, a);
    for (int i = 0; i < basic_lanes<double>::count; ++i) p[i] = float(all[i]);
  }
}
HWY_API void store_n(float* p, basic_lanes<double> a, int n) {
  float all[basic_lanes<double>::count];
  store(all, a);
  for (int i = 0; i < n; ++i) p[i] = all[i];
}

/// Lane i is base[i*stride].
template <class T> HWY_API basic_lanes<T> gather(T const* base, int stride) {
  constexpr detail::wide_tag<T> tag;
  return basic_lanes<T>(
      hn::GatherIndex(hn::ScalableTag<T>(), base, hn::Mul(hn::Iota(tag, 0), hn::Set(tag, static_cast<detail::wide<T>>(stride)))));
}

/// Lane i is base[i*stride] for i < n.
template <class T> HWY_API basic_lanes<T> gather_n(T const* base, int stride, int n) {
  constexpr detail::wide_tag<T> tag;
  if (n <= 0) return T(0);
  // Lanes beyond n read base[0], which exists, and are cleared.
  auto const at = hn::IfThenElseZero(hn::FirstN(tag, static_cast<std::size_t>(n)),
                                     hn::Mul(hn::Iota(tag, 0), hn::Set(tag, static_cast<detail::wide<T>>(stride))));
  return basic_lanes<T>(hn::IfThenElseZero(first_n<T>(n).m, hn::GatherIndex(hn::ScalableTag<T>(), base, at)));
}

// Reduction. The tree is fixed: the upper half of the lanes joins the lower half until one is left.

namespace detail {
template <class Tag, class Vec, class Join> HWY_API hn::TFromD<Tag> reduce(Tag, Vec v, Join join) {
  // Unqualified, because narrow targets lack some of these names.
  constexpr std::size_t count = hn::MaxLanes(Tag());
  if constexpr (count * sizeof(hn::TFromD<Tag>) > 16) {
    constexpr hn::Half<Tag> half;
    return reduce(half, join(LowerHalf(half, v), UpperHalf(half, v)), join);
  } else if constexpr (count == 4) {
    auto const pairs = join(v, Shuffle1032(v));
    return GetLane(join(pairs, Shuffle2301(pairs)));
  } else if constexpr (count == 2) {
    return GetLane(join(v, Shuffle01(v)));
  } else {
    static_assert(count == 1);
    return GetLane(v);
  }
}
}  // namespace detail

template <class T> HWY_API T reduce_add(basic_lanes<T> a) {
  return detail::reduce(hn::ScalableTag<T>(), a.v, [](auto x, auto y) { return hn::Add(x, y); });
}

namespace detail {
/// Lane i of the result is a sum of lane i, i + 1 .. of vector i of the block it lies in: 4 x 4 floats in each block of
/// 16 bytes, 2 x 2 doubles.
template <class Tag, class V> HWY_API V add_in_blocks(Tag tag, V const* v) {
  if constexpr (sizeof(hn::TFromD<Tag>) == 8) return Add(InterleaveLower(tag, v[0], v[1]), InterleaveUpper(tag, v[0], v[1]));
  else {
    const V even = Add(InterleaveLower(tag, v[0], v[2]), InterleaveUpper(tag, v[0], v[2]));
    const V odd = Add(InterleaveLower(tag, v[1], v[3]), InterleaveUpper(tag, v[1], v[3]));
    return Add(InterleaveLower(tag, even, odd), InterleaveUpper(tag, even, odd));
  }
}
}  // namespace detail

/// The sums of as many vectors as there are lanes, each in a lane of its own: 45 operations for 16 of 16, where 16 times
/// reduce_add takes 128.
template <class T> HWY_API basic_lanes<T> reduce_add_each(basic_lanes<T> const (&v)[basic_lanes<T>::count]) {
  using V = basic_lanes<T>;
  constexpr typename V::tag tag;
  constexpr int in_block = 16 / int(sizeof(T)), blocks = V::count / in_block;
  using raw = decltype(V(T(0)).v);
  if constexpr (V::count < in_block) {
    T x[V::count];
    for (int i = 0; i < V::count; ++i) x[i] = reduce_add(v[i]);
    return load(x);
  } else {
    raw r[V::count];
    for (int i = 0; i < V::count; ++i) r[i] = v[i].v;
    if constexpr (blocks == 1) return V(detail::add_in_blocks(tag, r));
    else {
      raw g[blocks];
      for (int b = 0; b < blocks; ++b) g[b] = detail::add_in_blocks(tag, r + b * in_block);
      if constexpr (blocks == 2) return V(Add(ConcatLowerLower(tag, g[1], g[0]), ConcatUpperUpper(tag, g[1], g[0])));
      else {
        static_assert(blocks == 4);
        const raw a = Add(ConcatLowerLower(tag, g[2], g[0]), ConcatUpperUpper(tag, g[2], g[0]));
        const raw b = Add(ConcatLowerLower(tag, g[3], g[1]), ConcatUpperUpper(tag, g[3], g[1]));
        // Blocks of a and b: sums of g0, g0, g2, g2 and of g1, g1, g3, g3, half of each.
        const raw first = OddEvenBlocks(SwapAdjacentBlocks(b), a), second = OddEvenBlocks(b, SwapAdjacentBlocks(a));
        return V(Add(first, second));
      }
    }
  }
}

/// The greatest lane; which one wins is unspecified where a lane is NaN.
template <class T> HWY_API T reduce_max(basic_lanes<T> a) {
  return detail::reduce(hn::ScalableTag<T>(), a.v, [](auto x, auto y) { return hn::Max(x, y); });
}

}  // namespace HWY_NAMESPACE
}  // namespace knit::simd
