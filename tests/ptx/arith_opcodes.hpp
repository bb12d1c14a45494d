// SPDX-License-Identifier: BSL-1.0
// arith_opcodes.hpp -- in: names of arithmetic instructions. out: the functions that execute them.
#pragma once
#include "arith.hpp"

namespace ptx::detail {

/// FE_TONEAREST, unless the suffixes ask for another mode.
inline int rounding_mode(decoder const& d) {
  for (const std::string_view p : d.parts()) {
    if (p == "rz" || p == "rzi") return FE_TOWARDZERO;
    if (p == "rm" || p == "rmi") return FE_DOWNWARD;
    if (p == "rp" || p == "rpi") return FE_UPWARD;
  }
  return FE_TONEAREST;
}

/// Result and operands given by their types.
template <class Op, class D, class... S> void put(decoder& d) {
  int const mode = is_float<D> ? rounding_mode(d) : FE_TONEAREST;
  const slot result = d.out(0);
  std::size_t k = 0;
  const std::vector<slot> s{result, d.in(++k, width_of<S>)...};  // in order: braces see to it
  if constexpr (is_float<D>)
    if (mode != FE_TONEAREST) {
      d.emit(lanewise_rounded<Op, D, S...>, s, std::uint64_t(mode));
      return;
    }
  d.emit(lanewise<Op, D, S...>, s);
}

template <class T, std::size_t> using repeat = T;

/// Result and N operands of one type.
template <class Op, std::size_t N, class T> void put_same(decoder& d) {
  auto const all = [&]<class O, std::size_t... K>(tag<O>, std::index_sequence<K...>) { put<O, T, repeat<T, K>...>(d); };
  constexpr auto n = std::make_index_sequence<N>();
  if constexpr (std::is_same_v<T, float>) {
    if (d.has("ftz") && d.has("sat")) return all(tag<saturated<flushed<Op>>>(), n);
    if (d.has("ftz")) return all(tag<flushed<Op>>(), n);
  }
  if constexpr (std::is_floating_point_v<T>)
    if (d.has("sat")) return all(tag<saturated<Op>>(), n);
  if (d.has("sat")) d.unknown();
  else all(tag<Op>(), n);
}

/// op d, a, b, ... with N operands of the type that the name ends with, if it is among Types.
template <class Op, std::size_t N, class Types> bool try_same(decoder& d) {
  return with_type(d.type(), Types(), [&]<class T>(tag<T>) { put_same<Op, N, T>(d); });
}
template <class Op, std::size_t N, class... Types> void same(decoder& d) {
  if (!(try_same<Op, N, Types>(d) || ...)) d.unknown();
}

/// Packed pairs.
template <class Op, std::size_t N> bool pairs(decoder& d) {
  auto const all = [&]<class T, std::size_t... K>(tag<T>, std::index_sequence<K...>) {
    using U = typename paired<Op, T>::U;
    put<paired<Op, T>, U, repeat<U, K>...>(d);
    return true;
  };
  constexpr auto n = std::make_index_sequence<N>();
  if (d.has("sat")) return false;
  if (d.type() == "f16x2") return all(tag<half>(), n);
  if (d.type() == "bf16x2") return all(tag<bfloat>(), n);
  if constexpr (
      requires(float x) { Op::of(x); } || requires(float x) { Op::of(x, x); } || requires(float x) { Op::of(x, x, x); })
    if (d.type() == "f32x2" && rounding_mode(d) == FE_TONEAREST) {
      if (d.has("ftz")) {
        using F = flushed<Op>;
        auto const flush = [&]<std::size_t... K>(std::index_sequence<K...>) {
          put<paired<F, float>, std::uint64_t, repeat<std::uint64_t, K>...>(d);
        };
        flush(n);
        return true;
      }
      return all(tag<float>(), n);
    }
  return false;
}
template <class Op, std::size_t N, class... Types> void same_or_pairs(decoder& d) {
  if (!pairs<Op, N>(d)) same<Op, N, Types...>(d);
}

/// mul, mad: .lo, .hi and .wide of integers; floats.
template <class Op, std::size_t N> void multiply(decoder& d) {
  if (d.has("wide")) {
    bool const known = with_type(d.type(), types<std::uint16_t, std::int16_t, std::uint32_t, std::int32_t>(), [&]<class T>(tag<T>) {
      using W = std::conditional_t<sizeof(T) == 2, std::conditional_t<std::is_signed_v<T>, std::int32_t, std::uint32_t>,
                                   std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>>;
      if constexpr (N == 2) put<wide_op<W>, W, T, T>(d);
      else put<wide_op<W>, W, T, T, W>(d);
    });
    if (!known) d.unknown();
  } else if (d.has("hi")) same<high_op, N, integers>(d);
  else same_or_pairs<Op, N, integers, reals, smalls>(d);
}

template <class Op> void least_or_most(decoder& d) {
  if (d.has("xorsign") || d.arguments() != 3 || d.has("relu")) d.unknown();
  else if (d.has("NaN")) same_or_pairs<nan_op<Op>, 2, reals, smalls>(d);
  else same_or_pairs<Op, 2, integers, reals, smalls>(d);
}

template <double (*F)(double)> void approximately(decoder& d) { same<approximate<F>, 1, reals, smalls>(d); }

template <class Op> void shifted(decoder& d) {
  if (!with_type(d.type(), integers(), [&]<class T>(tag<T>) { put<Op, T, T, std::uint32_t>(d); })) d.unknown();
}

template <class Op> void counted(decoder& d) {
  if (!with_type(d.type(), signed_and_words(), [&]<class T>(tag<T>) { put<Op, std::uint32_t, T>(d); })) d.unknown();
}

/// and, or, xor, not: of predicates too.
template <class Op, std::size_t N> void logical(decoder& d) {
  if (d.type() != "pred") return same<Op, N, words>(d);
  const slot out = d.out(0), a = d.in(1, 1), b = N == 2 ? d.in(2, 1) : a;
  d.emit(
      [](warp& w, instruction const& i) {
        if constexpr (N == 2) w.set_pred(i.s[0], Op::of(w.pred(i.s[1]), w.pred(i.s[2])));
        else w.set_pred(i.s[0], Op::of(w.pred(i.s[1])));
      },
      {out, a, b});
}

inline void lop3(decoder& d) {
  if (d.arguments() != 5) return d.unknown();
  d.emit(
      [](warp& w, instruction const& i) {
        auto* const r = w.reg<std::uint32_t>(i.s[0]);
        auto const *a = w.reg<std::uint32_t>(i.s[1]), *b = w.reg<std::uint32_t>(i.s[2]), *c = w.reg<std::uint32_t>(i.s[3]);
        const std::uint64_t table = i.imm;
        w.each([=](int l) {
          std::uint32_t out = 0;
          for (int k = 0; k < 8; ++k)
            if (table >> k & 1) out |= (k & 4 ? a[l] : ~a[l]) & (k & 2 ? b[l] : ~b[l]) & (k & 1 ? c[l] : ~c[l]);
          r[l] = out;
        });
      },
      {d.out(0), d.in(1, 32), d.in(2, 32), d.in(3, 32)}, d.argument(4).bits);
}

inline void bit_field(decoder& d) {
  if (d.parts()[0] == "bfe") {
    if (!with_type(d.type(), signed_and_words(), [&]<class T>(tag<T>) { put<bfe_op, T, T, std::uint32_t, std::uint32_t>(d); }))
      d.unknown();
  } else if (!with_type(d.type(), words(), [&]<class T>(tag<T>) { put<bfi_op, T, T, T, std::uint32_t, std::uint32_t>(d); }))
    d.unknown();
}

inline void funnel(decoder& d) {
  using u = std::uint32_t;
  if (d.has("l")) d.has("wrap") ? put<funnel_op<true, true>, u, u, u, u>(d) : put<funnel_op<true, false>, u, u, u, u>(d);
  else d.has("wrap") ? put<funnel_op<false, true>, u, u, u, u>(d) : put<funnel_op<false, false>, u, u, u, u>(d);
}

inline void dot(decoder& d) {
  using u = std::uint32_t;
  using s8 = std::int8_t;
  using u8 = std::uint8_t;
  bool const a = d.parts()[1] == "s32", b = d.type() == "s32";
  if (a) b ? put<dp4a_op<s8, s8>, u, u, u, u>(d) : put<dp4a_op<s8, u8>, u, u, u, u>(d);
  else b ? put<dp4a_op<u8, s8>, u, u, u, u>(d) : put<dp4a_op<u8, u8>, u, u, u, u>(d);
}

// ---- chains of additions longer than a register: a hidden carry for each lane ----

template <class T, bool Minus, bool In, bool Out> void carried(warp& w, instruction const& i) {
  auto* const d = w.reg<T>(i.s[0]);
  auto const *a = w.reg<T>(i.s[1]), *b = w.reg<T>(i.s[2]);
  mask* const carry = w.reg<mask>(i.s[3]);
  w.each_in_order([&](int l) {
    const T x = a[l], y = Minus ? T(~b[l]) : b[l];
    const T first = T(x + y), in = In ? *carry >> l & 1 : Minus;
    const T sum = T(first + in);
    d[l] = sum;
    if (Out) *carry = (*carry & ~(mask(1) << l)) | mask(first < x || sum < first) << l;
  });
}

template <bool Minus, bool In> void carry(decoder& d) {
  bool const known = with_type(d.type(), signed_and_words(), [&]<class T>(tag<T>) {
    using U = raw<T>;
    const std::vector<slot> s{d.out(0), d.in(1, width_of<T>), d.in(2, width_of<T>), d.carry()};
    d.emit(d.has("cc") ? carried<U, Minus, In, true> : carried<U, Minus, In, false>, s);
  });
  if (!known) d.unknown();
}

/// mad.lo.cc, madc.hi and the like: the product first, then the addition.
template <bool In> void multiply_carry(decoder& d) {
  bool const known = with_type(d.type(), signed_and_words(), [&]<class T>(tag<T>) {
    using U = raw<T>;
    const slot product = d.scratch(width_of<T>), a = d.in(1, width_of<T>), b = d.in(2, width_of<T>);
    d.emit(d.has("hi") ? lanewise<high_op, T, T, T> : lanewise<mul_op, T, T, T>, {product, a, b});
    const std::vector<slot> s{d.out(0), product, d.in(3, width_of<T>), d.carry()};
    d.emit(d.has("cc") ? carried<U, false, In, true> : carried<U, false, In, false>, s);
  });
  if (!known) d.unknown();
}

inline void add_arithmetic(opcode_table& t) {
  t["add"] = [](decoder& d) { d.has("cc") ? carry<false, false>(d) : same_or_pairs<add_op, 2, integers, reals, smalls>(d); };
  t["sub"] = [](decoder& d) { d.has("cc") ? carry<true, false>(d) : same_or_pairs<sub_op, 2, integers, reals, smalls>(d); };
  t["addc"] = carry<false, true>;
  t["subc"] = carry<true, true>;
  t["mul"] = multiply<mul_op, 2>;
  t["mad"] = [](decoder& d) { d.has("cc") ? multiply_carry<false>(d) : multiply<mad_op, 3>(d); };
  t["madc"] = multiply_carry<true>;
  t["fma"] = [](decoder& d) {
    d.has("relu") ? same_or_pairs<relu_fma_op, 3, smalls>(d) : same_or_pairs<mad_op, 3, reals, smalls>(d);
  };
  t["mul24"] = [](decoder& d) { d.has("hi") ? d.unknown() : same<mul24_op, 2, types<std::uint32_t, std::int32_t>>(d); };
  t["mad24"] = [](decoder& d) { d.has("hi") ? d.unknown() : same<mul24_op, 3, types<std::uint32_t, std::int32_t>>(d); };
  t["div"] = same<div_op, 2, integers, reals>;
  t["rem"] = same<rem_op, 2, integers>;
  t["min"] = least_or_most<min_op>;
  t["max"] = least_or_most<max_op>;
  t["neg"] = same_or_pairs<neg_op, 1, integers, reals, smalls>;
  t["abs"] = same_or_pairs<abs_op, 1, integers, reals, smalls>;
  t["copysign"] = same<copysign_op, 2, reals>;
  t["sad"] = same<sad_op, 3, integers>;
  t["sqrt"] = same<sqrt_op, 1, reals>;
  t["rcp"] = same<rcp_op, 1, reals>;
  t["rsqrt"] = approximately<reciprocal_root>;
  t["ex2"] = approximately<std::exp2>;
  t["lg2"] = approximately<std::log2>;
  t["sin"] = approximately<std::sin>;
  t["cos"] = approximately<std::cos>;
  t["tanh"] = approximately<std::tanh>;
  t["and"] = logical<and_op, 2>;
  t["or"] = logical<or_op, 2>;
  t["xor"] = logical<xor_op, 2>;
  t["not"] = logical<not_op, 1>;
  t["cnot"] = same<cnot_op, 1, words>;
  t["lop3"] = lop3;
  t["shl"] = shifted<shl_op>;
  t["shr"] = shifted<shr_op>;
  t["shf"] = funnel;
  t["bfe"] = bit_field;
  t["bfi"] = bit_field;
  t["prmt"] = [](decoder& d) {
    d.parts().size() == 2 ? put<prmt_op, std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>(d) : d.unknown();
  };
  t["popc"] = [](decoder& d) {
    d.type() == "b64" ? put<popc_op, std::uint32_t, std::uint64_t>(d) : put<popc_op, std::uint32_t, std::uint32_t>(d);
  };
  t["clz"] = [](decoder& d) {
    d.type() == "b64" ? put<clz_op, std::uint32_t, std::uint64_t>(d) : put<clz_op, std::uint32_t, std::uint32_t>(d);
  };
  t["brev"] = same<brev_op, 1, words>;
  t["bfind"] = [](decoder& d) { d.has("shiftamt") ? counted<bfind_op<true>>(d) : counted<bfind_op<false>>(d); };
  t["dp4a"] = dot;
}

}  // namespace ptx::detail
