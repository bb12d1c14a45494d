// SPDX-License-Identifier: BSL-1.0
// compare.hpp -- instructions whose result or choice is a predicate.
#pragma once
#include "arith_opcodes.hpp"

namespace ptx::detail {

/// A comparison as the set of outcomes for which it holds.
enum outcome : std::uint8_t { less = 1, equal = 2, greater = 4, unordered = 8 };

inline int outcomes_of(std::string_view name) {
  static const std::map<std::string_view, int> known{{"eq", equal},
                                                     {"ne", less | greater},
                                                     {"lt", less},
                                                     {"le", less | equal},
                                                     {"gt", greater},
                                                     {"ge", greater | equal},
                                                     {"lo", less},
                                                     {"ls", less | equal},
                                                     {"hi", greater},
                                                     {"hs", greater | equal},
                                                     {"equ", equal | unordered},
                                                     {"neu", less | greater | unordered},
                                                     {"ltu", less | unordered},
                                                     {"leu", less | equal | unordered},
                                                     {"gtu", greater | unordered},
                                                     {"geu", greater | equal | unordered},
                                                     {"num", less | equal | greater},
                                                     {"nan", unordered}};
  auto const found = known.find(name);
  return found == known.end() ? 0 : found->second;
}

/// The lanes for which a and b compare as one of the outcomes; lanes that do not execute may be any.
template <class T, bool Flush = false> mask compare(raw<T> const* a, raw<T> const* b, int outcomes) {
  using V = std::conditional_t<is_small<T>, double, T>;
  mask lt = 0, eq = 0, gt = 0;
  for (int l = 0; l < lane_count; ++l) {
    V x = V(from_raw<T>(a[l])), y = V(from_raw<T>(b[l]));
    if constexpr (Flush) x = flushed<add_op>::flush(x), y = flushed<add_op>::flush(y);
    lt |= mask(x < y) << l;
    eq |= mask(x == y) << l;
    gt |= mask(x > y) << l;
  }
  return (outcomes & less ? lt : 0) | (outcomes & equal ? eq : 0) | (outcomes & greater ? gt : 0) |
         (outcomes & unordered ? ~(lt | eq | gt) : 0);
}

enum class combine { none, conjunction, disjunction, exclusive };

inline mask combined(mask m, mask with, combine how) {
  switch (how) {
    case combine::conjunction: return m & with;
    case combine::disjunction: return m | with;
    case combine::exclusive: return m ^ with;
    default: return m;
  }
}
inline combine combination(decoder const& d) {
  return d.has("and")   ? combine::conjunction
         : d.has("or")  ? combine::disjunction
         : d.has("xor") ? combine::exclusive
                        : combine::none;
}

/// setp p|q, a, b[, c]: q is what p would be if the comparison went the other way.
template <class T, bool Flush> void set_predicate(warp& w, instruction const& i) {
  const mask m = compare<T, Flush>(w.reg<raw<T>>(i.s[2]), w.reg<raw<T>>(i.s[3]), int(i.imm));
  const mask with = w.pred(i.s[4]);
  w.set_pred(i.s[0], combined(m, with, combine(i.flags)));
  w.set_pred(i.s[1], combined(~m, with, combine(i.flags)));
}

inline void setp(decoder& d) {
  operand const& results = d.argument(0);
  bool const two = results.is == operand::list;
  int const outcomes = outcomes_of(d.parts()[1]);
  bool const known =
      outcomes &&
      with_type(d.type(),
                types<std::uint16_t, std::int16_t, std::uint32_t, std::int32_t, std::uint64_t, std::int64_t, float, double, half,
                      bfloat>(),
                [&]<class T>(tag<T>) {
                  const std::vector<slot> s{d.out(two ? results.parts[0] : results), two ? d.out(results.parts[1]) : nowhere,
                                            d.in(1, width_of<T>), d.in(2, width_of<T>),
                                            d.arguments() > 3 ? d.in(3, 1) : d.constant(1, 1)};
                  constexpr bool flushes = std::is_same_v<T, float>;
                  d.emit(flushes && d.has("ftz") ? set_predicate<T, flushes> : set_predicate<T, false>, s, std::uint64_t(outcomes))
                      .flags = std::uint8_t(combination(d));
                });
  if (!known) d.unknown();
}

/// set.lt.u32.f32 d, a, b: all ones, or 1.0f.
inline void set(decoder& d) {
  int const outcomes = outcomes_of(d.parts()[1]);
  bool const one = d.parts()[d.parts().size() - 2] == "f32";
  bool const known =
      outcomes && combination(d) == combine::none &&
      with_type(d.type(), types<std::uint32_t, std::int32_t, std::uint64_t, std::int64_t, float, double>(), [&]<class T>(tag<T>) {
        instruction& i = d.emit(
            [](warp& w, instruction const& i) {
              const mask m = compare<T>(w.reg<raw<T>>(i.s[1]), w.reg<raw<T>>(i.s[2]), int(i.imm));
              auto* const r = w.reg<std::uint32_t>(i.s[0]);
              w.each([=, yes = std::uint32_t(i.more)](int l) { r[l] = m >> l & 1 ? yes : 0; });
            },
            {d.out(0), d.in(1, width_of<T>), d.in(2, width_of<T>)}, std::uint64_t(outcomes));
        i.more = one ? 0x3f800000 : -1;
      });
  if (!known) d.unknown();
}

inline void selp(decoder& d) {
  bool const known = with_type(
      d.type(), types<std::uint16_t, std::int16_t, std::uint32_t, std::int32_t, std::uint64_t, std::int64_t, float, double>(),
      [&]<class T>(tag<T>) {
        d.emit(
            [](warp& w, instruction const& i) {
              auto* const r = w.reg<raw<T>>(i.s[0]);
              auto const *a = w.reg<raw<T>>(i.s[1]), *b = w.reg<raw<T>>(i.s[2]);
              const mask m = w.pred(i.s[3]);
              w.each([=](int l) { r[l] = m >> l & 1 ? a[l] : b[l]; });
            },
            {d.out(0), d.in(1, width_of<T>), d.in(2, width_of<T>), d.in(3, 1)});
      });
  if (!known) d.unknown();
}

template <class C> struct slct_op {
  template <class T> static T of(T a, T b, C c) { return c >= 0 ? a : b; }
};
inline void slct(decoder& d) {
  const std::string_view type = d.parts()[d.parts().size() - 2];
  bool const known =
      with_type(type, types<std::uint16_t, std::int16_t, std::uint32_t, std::int32_t, std::uint64_t, std::int64_t, float, double>(),
                [&]<class T>(tag<T>) {
                  if (d.type() == "f32") put<slct_op<float>, raw<T>, raw<T>, raw<T>, float>(d);
                  else put<slct_op<std::int32_t>, raw<T>, raw<T>, raw<T>, std::int32_t>(d);
                });
  if (!known) d.unknown();
}

inline void testp(decoder& d) {
  static const std::map<std::string_view, int> classes{
      {"finite", 1 << FP_NORMAL | 1 << FP_SUBNORMAL | 1 << FP_ZERO},
      {"infinite", 1 << FP_INFINITE},
      {"number", 1 << FP_NORMAL | 1 << FP_SUBNORMAL | 1 << FP_ZERO | 1 << FP_INFINITE},
      {"notanumber", 1 << FP_NAN},
      {"normal", 1 << FP_NORMAL},
      {"subnormal", 1 << FP_SUBNORMAL}};
  auto const found = classes.find(d.parts()[1]);
  bool const known =
      found != classes.end() && with_type(d.type(), reals(), [&]<class T>(tag<T>) {
        d.emit(
            [](warp& w, instruction const& i) {
              mask m = 0;
              w.each_in_order([&](int l) { m |= mask(i.imm >> std::fpclassify(from_raw<T>(w.reg<raw<T>>(i.s[1])[l])) & 1) << l; });
              w.set_pred(i.s[0], m);
            },
            {d.out(0), d.in(1, width_of<T>)}, std::uint64_t(found->second));
      });
  if (!known) d.unknown();
}

inline void add_comparisons(opcode_table& t) {
  t["setp"] = setp;
  t["set"] = set;
  t["selp"] = selp;
  t["slct"] = slct;
  t["testp"] = testp;
}

}  // namespace ptx::detail
