// SPDX-License-Identifier: BSL-1.0
// arith.hpp -- instructions that compute each lane's result from its operands alone.
#pragma once
#include "decode.hpp"
#include "number.hpp"

#include <limits>
#include <tuple>

namespace ptx::detail {

template <class T> constexpr int width_of = int(sizeof(T) * 8);

/// d[l] = Op::of(a[l], b[l], ...).
template <class Op, class D, class... S> void lanewise(warp& w, instruction const& i) {
  [&]<std::size_t... K>(std::index_sequence<K...>) {
    raw<D>* const d = w.reg<raw<D>>(i.s[0]);
    std::tuple const s(static_cast<raw<S> const*>(w.reg<raw<S>>(i.s[K + 1]))...);
    w.each([=](int l) { d[l] = to_raw<D>(Op::of(from_raw<S>(std::get<K>(s)[l])...)); });
  }(std::index_sequence_for<S...>());
}

/// The same in another rounding mode, which is in imm.
template <class Op, class D, class... S> void lanewise_rounded(warp& w, instruction const& i) {
  rounding mode(int(i.imm));
  lanewise<Op, D, S...>(w, i);
}

/// Denormal operands and results are zeros with their signs.
template <class Op> struct flushed {
  static float flush(float x) { return std::fabs(x) < std::numeric_limits<float>::min() ? std::copysign(0.0f, x) : x; }
  template <class... S> static float of(S... x) { return flush(Op::of(flush(x)...)); }
};
template <class Op> struct saturated {
  template <class T, class... S> static T of(T x, S... y) {
    const T r = Op::of(x, y...);
    return r > T(0) ? (r < T(1) ? r : T(1)) : T(0);
  }
};

// ---- the operations ----

template <class T> using wrap = std::make_unsigned_t<decltype(T() + T())>;  // of 16 bits too: no overflow of int

struct add_op {
  template <class T> static T of(T a, T b) {
    if constexpr (is_small<T>) return T::of(double(a) + double(b));
    else if constexpr (is_float<T>) return a + b;
    else return T(wrap<T>(a) + wrap<T>(b));
  }
};
struct sub_op {
  template <class T> static T of(T a, T b) {
    if constexpr (is_small<T>) return T::of(double(a) - double(b));
    else if constexpr (is_float<T>) return a - b;
    else return T(wrap<T>(a) - wrap<T>(b));
  }
};
struct mul_op {
  template <class T> static T of(T a, T b) {
    if constexpr (is_small<T>) return T::of(double(a) * double(b));
    else if constexpr (is_float<T>) return a * b;
    else return T(wrap<T>(a) * wrap<T>(b));
  }
};
struct mad_op {
  template <class T> static T of(T a, T b, T c) {
    if constexpr (is_small<T>) return T::of(fma_to_odd(a, b, c));
    else if constexpr (is_float<T>) return std::fma(a, b, c);
    else return T(wrap<T>(a) * wrap<T>(b) + wrap<T>(c));
  }
};
struct relu_fma_op {
  template <class T> static T of(T a, T b, T c) {
    const T r = mad_op::of(a, b, c);
    return double(r) > 0 || std::isnan(double(r)) ? r : T();
  }
};
struct high_op {
  template <class T> static T of(T a, T b) {
    if constexpr (sizeof(T) == 8) {
      if constexpr (std::is_signed_v<T>) return T(static_cast<__int128>(a) * b >> 64);
      else return T(static_cast<unsigned __int128>(a) * b >> 64);
    } else return T(std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>(a) * b >> width_of<T>);
  }
  template <class T> static T of(T a, T b, T c) { return add_op::of(of(a, b), c); }
};
template <class W> struct wide_op {
  template <class T> static W of(T a, T b) { return W(W(a) * W(b)); }
  template <class T> static W of(T a, T b, W c) { return add_op::of(of(a, b), c); }
};
struct mul24_op {
  template <class T> static T low(T a) { return T(T(std::make_unsigned_t<T>(a) << 8) >> 8); }
  template <class T> static T of(T a, T b) { return mul_op::of(low(a), low(b)); }
  template <class T> static T of(T a, T b, T c) { return add_op::of(of(a, b), c); }
};
struct div_op {
  template <class T> static T of(T a, T b) {
    if constexpr (is_float<T>) return a / b;
    else if (!b) return T(-1);
    else if constexpr (std::is_signed_v<T>) return b == T(-1) ? sub_op::of(T(0), a) : T(a / b);
    else return T(a / b);
  }
};
struct rem_op {
  template <class T> static T of(T a, T b) {
    if (!b) return a;
    if constexpr (std::is_signed_v<T>)
      if (b == T(-1)) return 0;
    return T(a % b);
  }
};
/// The larger of two, or the smaller; a number wins over a NaN, and -0 is below 0.
template <bool Larger> struct extremum_op {
  template <class T> static T of(T a, T b) {
    if constexpr (is_small<T>) {
      if (std::isnan(double(a)) && std::isnan(double(b))) return T::of(std::nan(""));
      return T::of(of(double(a), double(b)));
    } else if constexpr (is_float<T>) {
      if (a == b) return std::signbit(a) != Larger ? a : b;
      return (Larger ? a > b : a < b) || b != b ? a : b;
    } else return (Larger ? a > b : a < b) ? a : b;
  }
};
using min_op = extremum_op<false>;
using max_op = extremum_op<true>;
/// min.NaN and max.NaN.
template <class Op> struct nan_op {
  template <class T> static T of(T a, T b) {
    if (double(a) != double(a)) return a;
    return double(b) != double(b) ? b : Op::of(a, b);
  }
};
struct neg_op {
  template <class T> static T of(T a) {
    if constexpr (is_float<T>) return from_raw<T>(raw<T>(to_raw(a) ^ raw<T>(1) << (width_of<T> - 1)));
    else return sub_op::of(T(0), a);
  }
};
struct abs_op {
  template <class T> static T of(T a) {
    if constexpr (is_float<T>) return from_raw<T>(raw<T>(to_raw(a) & ~(raw<T>(1) << (width_of<T> - 1))));
    else return a < 0 ? sub_op::of(T(0), a) : a;
  }
};
struct copysign_op {
  template <class T> static T of(T sign, T size) { return std::copysign(size, sign); }
};
struct sad_op {
  template <class T> static T of(T a, T b, T c) { return add_op::of(c, a < b ? sub_op::of(b, a) : sub_op::of(a, b)); }
};
struct sqrt_op {
  template <class T> static T of(T a) { return std::sqrt(a); }
};
struct rcp_op {
  template <class T> static T of(T a) { return T(1) / a; }
};

// Hardware approximates these, to about 2 units in the last place; here they are computed in double and rounded.
template <double (*F)(double)> struct approximate {
  template <class T> static T of(T a) {
    if constexpr (is_small<T>) return T::of(F(double(a)));
    else return T(F(double(a)));
  }
};
inline double reciprocal_root(double x) { return 1 / std::sqrt(x); }

struct and_op {
  template <class T> static T of(T a, T b) { return T(a & b); }
};
struct or_op {
  template <class T> static T of(T a, T b) { return T(a | b); }
};
struct xor_op {
  template <class T> static T of(T a, T b) { return T(a ^ b); }
};
struct not_op {
  template <class T> static T of(T a) { return T(~a); }
};
struct cnot_op {
  template <class T> static T of(T a) { return a == 0; }
};
struct shl_op {
  template <class T> static T of(T a, std::uint32_t n) { return n < width_of<T> ? T(a << n) : T(0); }
};
struct shr_op {
  template <class T> static T of(T a, std::uint32_t n) {
    if (n < width_of<T>) return T(a >> n);
    return T(std::is_signed_v<T> ? a >> (width_of<T> - 1) : 0);
  }
};
template <bool Left, bool Wrap> struct funnel_op {
  static std::uint32_t of(std::uint32_t low, std::uint32_t high, std::uint32_t n) {
    n = Wrap ? n % 32 : n < 32 ? n : 32;
    const std::uint64_t both = std::uint64_t(high) << 32 | low;
    return std::uint32_t(Left ? both << n >> 32 : both >> n);
  }
};
struct bfe_op {
  template <class T> static T of(T a, std::uint32_t position, std::uint32_t length) {
    using U = std::make_unsigned_t<T>;
    const std::uint32_t p = position & 255, n = length & 255, size = width_of<T>;
    if (!n) return 0;
    const std::uint32_t last = p + n - 1 < size ? p + n - 1 : size - 1;
    const U cut = p < size ? U(U(a) >> p) : U(0), keep = n < size ? U((U(1) << n) - 1) : U(~U(0));
    bool const sign = std::is_signed_v<T> && (U(a) >> last & 1);
    const U have = p < size ? (n < size - p ? n : size - p) : 0;  // bits that a itself gives
    const U above = have < size ? U(~U(0) << have) : U(0);
    return T(sign ? ((cut & keep) | above) : (cut & keep));
  }
};
struct bfi_op {
  template <class T> static T of(T from, T into, std::uint32_t position, std::uint32_t length) {
    const std::uint32_t p = position & 255, n = length & 255;
    if (p >= width_of<T> || !n) return into;
    const T field = T((n < width_of<T> ? (T(1) << n) - 1 : ~T(0)) << p);
    return T((into & ~field) | (T(from << p) & field));
  }
};
struct prmt_op {
  static std::uint32_t of(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
    const std::uint64_t both = std::uint64_t(b) << 32 | a;
    std::uint32_t out = 0;
    for (int k = 0; k < 4; ++k) {
      const std::uint32_t choice = c >> 4 * k & 15;
      std::uint32_t byte = std::uint32_t(both >> 8 * (choice & 7)) & 255;
      if (choice & 8) byte = byte & 128 ? 255 : 0;
      out |= byte << 8 * k;
    }
    return out;
  }
};
struct popc_op {
  template <class T> static std::uint32_t of(T a) { return std::uint32_t(std::popcount(a)); }
};
struct clz_op {
  template <class T> static std::uint32_t of(T a) { return std::uint32_t(std::countl_zero(a)); }
};
struct brev_op {
  template <class T> static T of(T a) {
    T out = 0;
    for (int k = 0; k < width_of<T>; ++k) out = T(out << 1 | (a >> k & 1));
    return out;
  }
};
template <bool Shift> struct bfind_op {
  template <class T> static std::uint32_t of(T a) {
    using U = std::make_unsigned_t<T>;
    const U u = std::is_signed_v<T> && a < 0 ? U(~a) : U(a);
    if (!u) return ~0u;
    return std::uint32_t(Shift ? std::countl_zero(u) : width_of<T> - 1 - std::countl_zero(u));
  }
};
template <class A, class B> struct dp4a_op {
  static std::uint32_t of(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
    for (int k = 0; k < 32; k += 8) c += std::uint32_t(int(A(a >> k)) * int(B(b >> k)));
    return c;
  }
};

/// Two operations on the halves of a register: f16x2, bf16x2 in 32 bits, f32x2 in 64.
template <class Op, class T> struct paired {
  using U = std::conditional_t<sizeof(T) == 2, std::uint32_t, std::uint64_t>;
  static T half_of(U x, int k) { return from_raw<T>(raw<T>(x >> k * width_of<T>)); }
  template <class... S> static U of(S... x) {
    const U low = to_raw<T>(Op::of(half_of(x, 0)...)), high = to_raw<T>(Op::of(half_of(x, 1)...));
    return low | high << width_of<T>;
  }
};

}  // namespace ptx::detail
