// SPDX-License-Identifier: BSL-1.0
// number.hpp -- the types of PTX as C++ types, and how lanes of registers are read and written as them.
#pragma once
#include "warp.hpp"

#include <bit>
#include <cfenv>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace ptx::detail {

template <std::size_t Bytes> struct bits_of_size;
template <> struct bits_of_size<1> {
  using type = std::uint8_t;
};
template <> struct bits_of_size<2> {
  using type = std::uint16_t;
};
template <> struct bits_of_size<4> {
  using type = std::uint32_t;
};
template <> struct bits_of_size<8> {
  using type = std::uint64_t;
};
/// What a register that holds T is made of. Registers are read and written as nothing else.
template <class T> using raw = typename bits_of_size<sizeof(T)>::type;

// ---- 16-bit floats: kept as bits, computed with as floats ----

template <int Exponent, int Fraction> struct small_float {
  std::uint16_t bits = 0;

  static constexpr int bias = (1 << (Exponent - 1)) - 1;

  operator double() const {
    int const e = bits >> Fraction & ((1 << Exponent) - 1), f = bits & ((1 << Fraction) - 1);
    double const sign = bits >> 15 ? -1 : 1;
    if (e == (1 << Exponent) - 1) return f ? std::copysign(std::nan(""), sign) : sign * HUGE_VAL;
    return sign * (e ? std::ldexp(double(f + (1 << Fraction)), e - bias - Fraction) : std::ldexp(double(f), 1 - bias - Fraction));
  }

  /// Rounds once, in the mode of the floating-point environment.
  static small_float of(double x) {
    small_float out;
    unsigned const sign = std::signbit(x) ? 1u << 15 : 0, infinity = ((1u << Exponent) - 1) << Fraction;
    if (std::isnan(x)) out.bits = 0x7fff;
    else if (std::isinf(x)) out.bits = std::uint16_t(sign | infinity);
    else if (x == 0) out.bits = std::uint16_t(sign);
    else {
      int e;
      std::frexp(x, &e);
      int const unit = (e - 1 < 1 - bias ? 1 - bias : e - 1) - Fraction;  // the exponent of the last place
      double const scaled = std::nearbyint(std::ldexp(x, -unit));
      // Adding to the exponent what a carry makes of the fraction is what IEEE numbers are ordered for.
      double const places = std::fabs(scaled) + double(unit + Fraction - (1 - bias)) * (1 << Fraction);
      bool const outward = std::fegetround() != (sign ? FE_UPWARD : FE_DOWNWARD) && std::fegetround() != FE_TOWARDZERO;
      out.bits = std::uint16_t(sign | (places < infinity ? unsigned(places) : outward ? infinity : infinity - 1));
    }
    return out;
  }
};
using half = small_float<5, 10>;
using bfloat = small_float<8, 7>;
static_assert(sizeof(half) == 2);

template <class T> constexpr bool is_small = std::is_same_v<T, half> || std::is_same_v<T, bfloat>;
template <class T> constexpr bool is_float = std::is_floating_point_v<T> || is_small<T>;

template <class T> T from_raw(raw<T> x) { return std::bit_cast<T>(x); }
template <class T> raw<T> to_raw(T x) { return std::bit_cast<raw<T>>(x); }

/// a x b + c rounded to double such that a second rounding, to at most 50 bits, is as if it were the only one: where
/// the sum is inexact, its last bit is made odd.
inline double fma_to_odd(double a, double b, double c) {
  double const p = a * b, s = p + c, back = s - p, lost = (p - (s - back)) + (c - back);
  if (!(lost != 0) || !std::isfinite(s)) return s;
  auto bits = std::bit_cast<std::uint64_t>(s);
  if (bits & 1) return s;
  bits += (lost > 0) == (s > 0) ? 1u : -1ull;
  return std::bit_cast<double>(bits);
}

// ---- types by their names ----

template <class T> struct tag {
  using type = T;
};
template <class... Ts> struct types {};
using integers = types<std::uint16_t, std::int16_t, std::uint32_t, std::int32_t, std::uint64_t, std::int64_t>;
using words = types<std::uint16_t, std::uint32_t, std::uint64_t>;
using signed_and_words = types<std::uint32_t, std::int32_t, std::uint64_t, std::int64_t>;
using reals = types<float, double>;
using smalls = types<half, bfloat>;

template <class T> constexpr bool has_name(std::string_view n) {
  if constexpr (std::is_same_v<T, float>) return n == "f32";
  else if constexpr (std::is_same_v<T, double>) return n == "f64";
  else if constexpr (std::is_same_v<T, half>) return n == "f16";
  else if constexpr (std::is_same_v<T, bfloat>) return n == "bf16";
  else {
    constexpr std::string_view size = sizeof(T) == 1 ? "8" : sizeof(T) == 2 ? "16" : sizeof(T) == 4 ? "32" : "64";
    return n.substr(1) == size && (std::is_signed_v<T> ? n[0] == 's' : n[0] == 'u' || n[0] == 'b');
  }
}

/// Calls f(tag<T>) for the type of that name, if it is among them.
template <class... Ts, class F> bool with_type(std::string_view name, types<Ts...>, F const& f) {
  return name.size() > 1 && ((has_name<Ts>(name) && (f(tag<Ts>()), true)) || ...);
}

// ---- the registers of a lane, whatever their width ----

inline std::uint64_t read_any(warp const& w, slot s, int width, int lane) {
  if (width == 64) return w.reg<std::uint64_t>(s)[lane];
  if (width == 32) return w.reg<std::uint32_t>(s)[lane];
  return w.reg<std::uint16_t>(s)[lane];
}
inline void write_any(warp const& w, slot s, int width, int lane, std::uint64_t x) {
  if (width == 64) w.reg<std::uint64_t>(s)[lane] = x;
  else if (width == 32) w.reg<std::uint32_t>(s)[lane] = std::uint32_t(x);
  else w.reg<std::uint16_t>(s)[lane] = std::uint16_t(x);
}

/// The rounding mode that the suffixes ask for, while this lives.
class rounding {
 public:
  explicit rounding(int mode) : before_(std::fegetround()) { std::fesetround(mode); }
  ~rounding() { std::fesetround(before_); }
  rounding(rounding const&) = delete;
  rounding& operator=(rounding const&) = delete;

 private:
  int before_;
};

}  // namespace ptx::detail
