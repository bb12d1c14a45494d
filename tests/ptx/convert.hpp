// SPDX-License-Identifier: BSL-1.0
// convert.hpp -- instructions that move values, and change their types.
#pragma once
#include "arith_opcodes.hpp"

#include <limits>

namespace ptx::detail {

enum convert_flag : std::uint8_t { flush_flag = 1, saturate_flag = 2, integral_flag = 4, relu_flag = 8 };

/// One value. The rounding mode is the environment's; for integral_flag floats become whole in it.
template <class D, class S> D converted(S x, int flags) {
  using Wide = std::conditional_t<is_small<S>, double, S>;  // computes with S
  Wide v = Wide(x);
  if constexpr (std::is_same_v<S, float>)
    if (flags & flush_flag) v = flushed<add_op>::flush(v);
  if constexpr (is_float<S> && is_float<D>) {
    if (flags & integral_flag) v = std::nearbyint(v);
    if (flags & saturate_flag) v = v > 0 ? (v < 1 ? v : Wide(1)) : Wide(0);
    if (flags & relu_flag) v = v > 0 || v != v ? v : Wide(0);
    if constexpr (is_small<D>) return D::of(double(v));
    else {
      const D r = D(v);
      if constexpr (std::is_same_v<D, float>)
        if (flags & flush_flag) return flushed<add_op>::flush(r);
      return r;
    }
  } else if constexpr (is_float<S>) {
    if (std::isnan(v)) return sizeof(S) == 8 && sizeof(D) == 8 ? D(std::uint64_t(1) << 63) : D(0);
    const Wide whole = std::nearbyint(v);
    constexpr int bits = std::numeric_limits<D>::digits;
    if (whole >= std::ldexp(Wide(1), bits)) return std::numeric_limits<D>::max();
    if (whole < (std::is_signed_v<D> ? -std::ldexp(Wide(1), bits) : Wide(0))) return std::numeric_limits<D>::min();
    return D(whole);
  } else if constexpr (is_float<D>) {
    if constexpr (is_small<D>) return D::of(double(v));
    else return D(v);
  } else {
    if (flags & saturate_flag) {
      if (std::cmp_greater(v, std::numeric_limits<D>::max())) return std::numeric_limits<D>::max();
      if (std::cmp_less(v, std::numeric_limits<D>::min())) return std::numeric_limits<D>::min();
    }
    return D(v);
  }
}

/// Registers may be wider than the types: width is the result's, more the source's. Integers are extended.
template <class D, class S> void convert(warp& w, instruction const& i) {
  auto const one = [&](int l) {
    const S x = from_raw<S>(raw<S>(read_any(w, i.s[1], i.more, l)));
    const D y = converted<D>(x, i.flags);
    std::uint64_t bits = to_raw(y);
    if constexpr (std::is_integral_v<D> && std::is_signed_v<D>) bits = std::uint64_t(std::int64_t(y));
    write_any(w, i.s[0], i.width, l, bits);
  };
  if constexpr (std::is_integral_v<D> && std::is_integral_v<S>)
    if (i.width == width_of<D> && i.more == width_of<S> && !i.flags) {
      auto* const d = w.reg<raw<D>>(i.s[0]);
      auto const* const s = w.reg<raw<S>>(i.s[1]);
      return w.each([=](int l) { d[l] = to_raw(D(from_raw<S>(s[l]))); });
    }
  if (i.imm == FE_TONEAREST) return w.each_in_order(one);
  rounding mode(int(i.imm));
  w.each_in_order(one);
}

/// cvt.rn.bf16x2.f32 d, a, b: a is the upper half.
template <class T> struct pack_op {
  static std::uint32_t one(float x) { return T::of(double(x)).bits; }
  static std::uint32_t of(float a, float b) { return one(a) << 16 | one(b); }
};
template <class T> struct pack_relu_op {
  static float relu(float x) { return x > 0 || x != x ? x : 0; }
  static std::uint32_t of(float a, float b) { return pack_op<T>::of(relu(a), relu(b)); }
};
/// To the nearest of 10 bits of fraction, ties away from zero or to even.
template <bool Even> struct tf32_op {
  static std::uint32_t of(std::uint32_t x) {
    if ((x & 0x7f800000) == 0x7f800000) return x;
    return (x + (Even ? 0xfff + (x >> 13 & 1) : 0x1000)) & ~0x1fffu;
  }
};

inline void cvt(decoder& d) {
  using u = std::uint32_t;
  auto const& parts = d.parts();
  const std::string_view to = parts[parts.size() - 2], from = parts.back();
  if (to == "tf32" && from == "f32")
    return d.has("rna") ? put<tf32_op<false>, u, u>(d) : d.has("rn") ? put<tf32_op<true>, u, u>(d) : d.unknown();
  bool const relu = d.has("relu"), nearest = rounding_mode(d) == FE_TONEAREST;
  if (from == "f32" && d.arguments() == 3 && nearest && !d.has("satfinite")) {
    if (to == "bf16x2") return relu ? put<pack_relu_op<bfloat>, u, float, float>(d) : put<pack_op<bfloat>, u, float, float>(d);
    if (to == "f16x2") return relu ? put<pack_relu_op<half>, u, float, float>(d) : put<pack_op<half>, u, float, float>(d);
  }
  if (d.arguments() != 2 || d.has("satfinite")) return d.unknown();
  using all = types<std::uint8_t, std::int8_t, std::uint16_t, std::int16_t, std::uint32_t, std::int32_t, std::uint64_t,
                    std::int64_t, float, double, half, bfloat>;
  bool known = false;
  with_type(to, all(), [&]<class D>(tag<D>) {
    known = with_type(from, all(), [&]<class S>(tag<S>) {
      operand const& source = d.argument(1);
      const int source_width = source.is == operand::reg ? d.width(source) : std::max(width_of<S>, 16);
      const std::vector<slot> s{d.out(0), d.in(1, source_width)};
      instruction& i = d.emit(convert<D, S>, s, std::uint64_t(rounding_mode(d)));
      i.width = std::uint8_t(d.width(d.argument(0)));
      i.more = source_width;
      const bool whole = d.has("rni") || d.has("rzi") || d.has("rmi") || d.has("rpi");
      i.flags = std::uint8_t((d.has("ftz") ? flush_flag : 0) | (d.has("sat") ? saturate_flag : 0) | (whole ? integral_flag : 0) |
                             (relu ? relu_flag : 0));
    });
  });
  if (!known) d.unknown();
}

// ---- mov ----

/// Several registers into one, or one into several: imm is the number of bits of each.
inline void pack(warp& w, instruction const& i) {
  w.each_in_order([&](int l) {
    std::uint64_t bits = 0;
    for (int k = 0; k < i.more; ++k) bits |= read_any(w, i.s[1 + k], int(i.imm), l) << (std::uint64_t(k) * i.imm);
    write_any(w, i.s[0], i.width, l, bits);
  });
}
inline void unpack(warp& w, instruction const& i) {
  w.each_in_order([&](int l) {
    const std::uint64_t bits = read_any(w, i.s[0], i.width, l);
    for (int k = 0; k < i.more; ++k)
      if (i.s[1 + k] != nowhere) write_any(w, i.s[1 + k], int(i.imm), l, bits >> (std::uint64_t(k) * i.imm));
  });
}

inline void move_parts(decoder& d, int bits, operand const& to, operand const& from) {
  bool const unpacks = to.is == operand::list;
  auto const& parts = unpacks ? to.parts : from.parts;
  int const each = bits / int(parts.size());
  if (bits > 64 || each < 16) return d.unknown();
  std::vector<slot> s{unpacks ? d.in(from, bits) : d.out(to)};
  for (operand const& o : parts) s.push_back(unpacks ? d.out(o) : d.in(o, each));
  instruction& i = d.emit(unpacks ? unpack : pack, s, std::uint64_t(each));
  i.more = int(parts.size());
  i.width = std::uint8_t(bits);
}

struct same_op {
  template <class T> static T of(T a) { return a; }
};
inline void mov(decoder& d) {
  operand const &to = d.argument(0), &from = d.argument(1);
  int const bits = bits_of(d.type());
  if (to.is == operand::list || from.is == operand::list) move_parts(d, bits, to, from);
  else if (bits == 1) d.emit([](warp& w, instruction const& i) { w.set_pred(i.s[0], w.pred(i.s[1])); }, {d.out(0), d.in(1, 1)});
  else if (from.is == operand::name || bits > 64) d.unknown();
  else if (bits == 16) put<same_op, std::uint16_t, std::uint16_t>(d);
  else if (bits == 32) put<same_op, std::uint32_t, std::uint32_t>(d);
  else put<same_op, std::uint64_t, std::uint64_t>(d);
}

// ---- addresses ----

inline std::uint64_t window_of(decoder const& d) {
  return d.has("shared") || d.has("shared::cta") ? shared_window : d.has("local") ? local_window : 0;
}

/// Global, constant and parameter addresses are generic ones already.
inline void cvta(decoder& d) {
  const std::uint64_t w = window_of(d), add = d.has("to") ? -w : w;
  d.emit(lanewise<add_op, std::uint64_t, std::uint64_t, std::uint64_t>, {d.out(0), d.in(1, 64), d.constant(add, 64)});
}

inline void isspacep(decoder& d) {
  const std::uint64_t window = d.has("param") || d.has("param::entry") ? param_window : window_of(d);
  d.emit(
      [](warp& w, instruction const& i) {
        mask m = 0;
        w.each_in_order([&](int l) {
          const std::uint64_t at = w.reg<std::uint64_t>(i.s[1])[l] >> 56;
          m |= mask(i.imm ? at == i.imm >> 56 : at == 0 || at > param_window >> 56) << l;
        });
        w.set_pred(i.s[0], m);
      },
      {d.out(0), d.in(1, 64)}, window);
}

inline void add_conversions(opcode_table& t) {
  t["cvt"] = cvt;
  t["mov"] = mov;
  t["cvta"] = cvta;
  t["isspacep"] = isspacep;
}

}  // namespace ptx::detail
