// SPDX-License-Identifier: BSL-1.0
// load_store.hpp -- loads, stores and atomics.
#pragma once
#include "arith.hpp"
#include "decode.hpp"
#include "reach.hpp"

namespace ptx::detail {

inline space space_named(decoder const& d) {
  for (const std::string_view p : d.parts()) {
    if (p == "global") return space::global;
    if (p == "const") return space::constant;
    if (p == "shared" || p == "shared::cta") return space::shared;
    if (p == "local") return space::local;
    if (p == "param" || p == "param::entry" || p == "param::func") return space::param;
  }
  return space::generic;
}

enum memory_flag : std::uint8_t { space_bits = 7, ordered_flag = 8, signed_flag = 16 };

inline reaching reaching_of(instruction const& i, access how) {
  return {space(i.flags & space_bits), how, std::uint32_t(i.more) * i.lanes, (i.flags & ordered_flag) != 0};
}

/// The address of operand o into the slots and the instruction: its register's width goes into `width`.
struct address_operand {
  slot base;
  int width;
  std::uint64_t offset;
};
inline address_operand address_in(decoder& d, operand const& memory) {
  if (memory.is != operand::memory) throw fault(wrong::syntax, "no address: " + d.at().text);
  operand const& base = memory.parts[0];
  if (base.is == operand::reg) return {d.in(base, 64), d.width(base), memory.bits};
  if (base.is == operand::variable) return {d.constant(d.address(base), 64), 64, memory.bits};
  if (base.is == operand::number) return {d.constant(0, 64), 64, memory.bits};
  throw fault(wrong::syntax, "no address: " + d.at().text);
}

/// Elements as wide as their registers: the common case.
template <class U, int N> void load(warp& w, instruction const& i) {
  addresses a;
  pointers p;
  addresses_of(w, i.s[0], i.width, i.imm, a);
  reach(w, reaching_of(i, access::read), a, p);
  for (int k = 0; k < N; ++k) {
    if (i.s[k + 1] == nowhere) continue;
    U* const d = w.reg<U>(i.s[k + 1]);
    w.each([&](int l) { std::memcpy(d + l, p[std::size_t(l)] + k * int(sizeof(U)), sizeof(U)); });
  }
}

/// The slot after the registers holds their widths.
inline void load_any(warp& w, instruction const& i) {
  addresses a;
  pointers p;
  addresses_of(w, i.s[0], i.width, i.imm, a);
  reach(w, reaching_of(i, access::read), a, p);
  w.each_in_order([&](int l) {
    for (int k = 0; k < i.lanes; ++k) {
      std::uint64_t x = 0;
      std::memcpy(&x, p[std::size_t(l)] + k * i.more, std::size_t(i.more));
      const int unused = 64 - 8 * i.more;
      if (i.flags & signed_flag) x = std::uint64_t(std::int64_t(x << unused) >> unused);
      if (i.s[k + 1] != nowhere) write_any(w, i.s[k + 1], i.s[i.lanes + 1], l, x);
    }
  });
}

template <class U, int N> void store(warp& w, instruction const& i) {
  addresses a;
  pointers p;
  alignas(64) std::byte data[lane_count][32];
  addresses_of(w, i.s[0], i.width, i.imm, a);
  for (int k = 0; k < N; ++k) {
    U const* const s = w.reg<U>(i.s[k + 1]);
    for (int l = 0; l < lane_count; ++l) std::memcpy(data[l] + k * int(sizeof(U)), s + l, sizeof(U));
  }
  reach(w, reaching_of(i, access::write), a, p, data);
  w.each_in_order([&](int l) { std::memcpy(p[std::size_t(l)], data[l], N * sizeof(U)); });
}

inline void store_any(warp& w, instruction const& i) {
  addresses a;
  pointers p;
  alignas(64) std::byte data[lane_count][32];
  addresses_of(w, i.s[0], i.width, i.imm, a);
  w.each_in_order([&](int l) {
    for (int k = 0; k < i.lanes; ++k) {
      const std::uint64_t x = read_any(w, i.s[k + 1], i.s[i.lanes + 1], l);
      std::memcpy(data[l] + k * i.more, &x, std::size_t(i.more));
    }
  });
  reach(w, reaching_of(i, access::write), a, p, data);
  w.each_in_order([&](int l) { std::memcpy(p[std::size_t(l)], data[l], std::size_t(i.more) * i.lanes); });
}

inline bool is_ordered(decoder const& d) {
  return d.has("volatile") || d.has("relaxed") || d.has("acquire") || d.has("release") || d.has("mmio");
}

template <bool Load> void load_or_store(decoder& d) {
  operand const &memory = d.argument(Load ? 1 : 0), &values = d.argument(Load ? 0 : 1);
  auto const elements = values.is == operand::list ? values.parts : std::vector<operand>{values};
  int const bits = bits_of(d.type()), n = int(elements.size());
  if (bits < 8 || bits > 64 || bits * n > 256) return d.unknown();
  const address_operand at = address_in(d, memory);
  std::vector<slot> s{at.base};
  int width = std::max(bits, 16);
  for (operand const& o : elements) {
    if (d.width(o)) width = d.width(o);
    s.push_back(Load ? d.out(o) : d.in(o, std::max(bits, 16)));
  }
  s.push_back(width);
  auto run = Load ? load_any : store_any;
  auto const pick = [&]<class U>(tag<U>) {
    if (n == 1) run = Load ? load<U, 1> : store<U, 1>;
    if (n == 2) run = Load ? load<U, 2> : store<U, 2>;
    if (n == 4) run = Load ? load<U, 4> : store<U, 4>;
  };
  if (width == bits && bits == 16) pick(tag<std::uint16_t>());
  if (width == bits && bits == 32) pick(tag<std::uint32_t>());
  if (width == bits && bits == 64) pick(tag<std::uint64_t>());
  instruction& i = d.emit(run, s, at.offset);
  i.width = std::uint8_t(at.width);
  i.more = bits / 8;
  i.lanes = std::uint8_t(n);
  const space where = space_named(d);
  i.flags = std::uint8_t(int(where) | (is_ordered(d) ? ordered_flag : 0) | (d.type()[0] == 's' ? signed_flag : 0));
  if (where != space::param) d.grain(where, std::size_t(bits / 8));
}

// ---- atomics: lane after lane ----

struct exchange_op {
  template <class T> static T of(T, T b, T) { return b; }
};
struct swap_op {
  template <class T> static T of(T old, T expected, T b) { return old == expected ? b : old; }
};
template <class Op> struct ternary {
  template <class T> static T of(T a, T b, T) { return Op::of(a, b); }
};
struct inc_op {
  template <class T> static T of(T old, T most, T) { return old >= most ? T(0) : T(old + 1); }
};
struct dec_op {
  template <class T> static T of(T old, T most, T) { return old == 0 || old > most ? most : T(old - 1); }
};

template <class Op, class T> void atomic(warp& w, instruction const& i) {
  addresses a;
  pointers p;
  addresses_of(w, i.s[0], i.width, i.imm, a);
  reach(w, reaching_of(i, access::atomic), a, p);
  auto const *b = w.reg<raw<T>>(i.s[2]), *c = w.reg<raw<T>>(i.s[3]);
  w.each_in_order([&](int l) {
    raw<T> old;
    std::memcpy(&old, p[std::size_t(l)], sizeof old);
    const raw<T> now = to_raw<T>(Op::of(from_raw<T>(old), from_raw<T>(b[l]), from_raw<T>(c[l])));
    std::memcpy(p[std::size_t(l)], &now, sizeof now);
    if (i.s[1] != nowhere) w.reg<raw<T>>(i.s[1])[l] = old;
  });
}

template <bool Result> void atom(decoder& d) {
  const std::size_t first = Result ? 1 : 0;
  using ints = types<std::uint32_t, std::int32_t, std::uint64_t, std::int64_t>;
  bool known = false;
  auto const as = [&]<class Op, class... Types>(tag<Op>, Types...) {
    known = (with_type(d.type(), Types(),
                       [&]<class T>(tag<T>) {
                         const address_operand at = address_in(d, d.argument(first));
                         const std::size_t last = d.arguments() > first + 2 ? first + 2 : first + 1;
                         instruction& i =
                             d.emit(atomic<Op, T>,
                                    {at.base, Result ? d.out(0) : nowhere, d.in(first + 1, width_of<T>), d.in(last, width_of<T>)},
                                    at.offset);
                         i.width = std::uint8_t(at.width);
                         i.more = sizeof(T);
                         i.flags = std::uint8_t(space_named(d));
                         d.grain(space_named(d), sizeof(T));
                       }) ||
             ...);
  };
  if (d.argument(first + 1).is == operand::list) return d.unknown();
  if (d.has("add")) as(tag<ternary<add_op>>(), ints(), reals());
  else if (d.has("min")) as(tag<ternary<min_op>>(), ints());
  else if (d.has("max")) as(tag<ternary<max_op>>(), ints());
  else if (d.has("and")) as(tag<ternary<and_op>>(), ints());
  else if (d.has("or")) as(tag<ternary<or_op>>(), ints());
  else if (d.has("xor")) as(tag<ternary<xor_op>>(), ints());
  else if (d.has("exch")) as(tag<exchange_op>(), types<std::uint32_t, std::uint64_t>());
  else if (d.has("cas")) as(tag<swap_op>(), types<std::uint16_t, std::uint32_t, std::uint64_t>());
  else if (d.has("inc")) as(tag<inc_op>(), types<std::uint32_t>());
  else if (d.has("dec")) as(tag<dec_op>(), types<std::uint32_t>());
  if (!known) d.unknown();
}

inline void add_memory(opcode_table& t) {
  t["ld"] = load_or_store<true>;
  t["ldu"] = load_or_store<true>;
  t["st"] = load_or_store<false>;
  t["atom"] = atom<true>;
  t["red"] = [](decoder& d) { d.parts().size() > 1 && d.parts()[1] == "async" ? d.unknown() : atom<false>(d); };
}

}  // namespace ptx::detail
