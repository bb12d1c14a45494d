// SPDX-License-Identifier: BSL-1.0
// control.hpp -- branches, calls, barriers.
#pragma once
#include "decode.hpp"
#include "number.hpp"

namespace ptx::detail {

inline void nothing(warp&, instruction const&) {}
inline void no_operation(decoder& d) { d.emit(nothing, {}); }

inline void bra(decoder& d) {
  d.emit([](warp& w, instruction const& i) { w.jump(w.exec, int(i.imm)); }, {});
  d.target(d.argument(0));
}

/// Lanes go to places of their own.
template <class Place> void scatter(warp& w, Place const& place) {
  for (mask left = w.exec; left;) {
    int const target = place(std::countr_zero(left));
    mask together = 0;
    for (mask m = left; m; m &= m - 1)
      if (place(std::countr_zero(m)) == target) together |= m & -m;
    left &= ~together;
    w.others.push_back({target, together});
    w.active &= ~together;
  }
}

inline void brx(decoder& d) {
  operand const& label = d.argument(1);
  statement const& table = d.fn().statements[std::size_t(label.index)];
  if (label.is != operand::label || table.name != ".branchtargets") return d.unknown();
  std::vector<slot> s{d.in(0, 32)};
  s.resize(1 + table.operands.size());
  d.emit(
      [](warp& w, instruction const& i) {
        auto const* const index = w.reg<std::uint32_t>(i.s[0]);
        w.each_in_order([&](int l) {
          if (index[l] >= i.imm) w.fail(wrong::bounds, "an index into " + std::to_string(i.imm) + " branch targets,", l);
        });
        scatter(w, [&](int l) { return i.s[1 + index[l]]; });
      },
      s, table.operands.size());
  d.table_targets(table.operands);
}

// ---- functions: their registers exist once for each lane, so that a lane may be in a function only once ----

inline void copy_local(decoder& d, std::uint64_t to, std::uint64_t from, std::uint64_t size) {
  to -= local_window;
  from -= local_window;
  d.emit(
       [](warp& w, instruction const& i) {
         w.each_in_order([&](int l) {
           std::byte* const local = w.local.data() + std::size_t(l) * w.in.code.local;
           std::memcpy(local + (i.imm >> 32), local + (i.imm & 0xffffffff), std::size_t(i.more));
         });
       },
       {}, to << 32 | from)
      .more = std::int32_t(size);
}

inline void call(decoder& d) {
  std::size_t k = 0;
  std::vector<operand> results, arguments;
  if (d.argument(k).is == operand::list) results = d.argument(k++).parts;
  operand const& callee = d.argument(k++);
  if (k < d.arguments() && d.argument(k).is == operand::list) arguments = d.argument(k).parts;
  auto const found = d.whole().function_named.find(callee.text);
  if (callee.is != operand::name || found == d.whole().function_named.end()) return d.unknown();
  int const f = found->second;
  function const& fn = d.whole().functions[std::size_t(f)];
  if (callee.text == "vprintf") return no_operation(d);
  if (callee.text == "__assertfail" || callee.text == "__assert_fail") {
    d.emit([](warp& w, instruction const&) { w.fail(wrong::trap, "failed assertion", std::countr_zero(w.exec)); }, {});
    return;
  }
  if (!fn.defined || d.recursive(f) || arguments.size() != fn.parameters.size() || results.size() != fn.results.size())
    return d.unknown();
  auto const variable_of = [&](int v) -> variable const& { return fn.variables[std::size_t(v)]; };
  for (std::size_t n = 0; n < arguments.size(); ++n)
    copy_local(d, d.local_address(f, fn.parameters[n]), d.address(arguments[n]), variable_of(fn.parameters[n]).size);
  d.emit(
      [](warp& w, instruction const& i) {
        auto* const back = w.reg<std::uint32_t>(i.s[0]);
        w.each([=, at = std::uint32_t(w.pc + 1)](int l) { back[l] = at; });
        w.jump(w.exec, int(i.imm));
      },
      {d.return_slot(f)});
  d.target(f, 0);
  for (std::size_t n = 0; n < results.size(); ++n)
    copy_local(d, d.address(results[n]), d.local_address(f, fn.results[n]), variable_of(fn.results[n]).size);
}

inline void leave(warp& w, instruction const&) { w.leave(w.exec); }

inline void ret(decoder& d) {
  if (d.fn().kernel) d.emit(leave, {});
  else
    d.emit(
        [](warp& w, instruction const& i) {
          auto const* const back = w.reg<std::uint32_t>(i.s[0]);
          scatter(w, [&](int l) { return int(back[l]); });
        },
        {d.return_slot(d.current())});
}

// ---- barriers ----

inline void warp_barrier(decoder& d) {
  d.emit([](warp& w, instruction const& i) { w.gather(w.reg<std::uint32_t>(i.s[0])); }, {d.in(0, 32)});
}

enum barrier_kind : std::uint8_t { wait_only, reduce_popc, reduce_and, reduce_or };

/// Slots: result (for a reduction), source predicate. flags: what kind; imm: which barrier; more: threads, 0 for all.
/// Lanes park here; the block lets them go on.
inline void barrier(warp& w, instruction const& i) { w.park(w.exec, fragment::at_barrier, int(i.imm)); }
/// Counts without waiting.
inline void arrive(warp& w, instruction const& i) { w.of.arrived[i.imm % 16] += std::uint32_t(std::popcount(w.exec)); }

inline void bar(decoder& d) {
  bool const reduces = d.has("red");
  std::size_t k = reduces ? 1 : 0;
  const slot result = reduces ? d.out(0) : nowhere;
  auto const number = [&] { return k < d.arguments() && d.argument(k).is == operand::number; };
  if (!number()) return d.unknown();
  const std::uint64_t id = d.argument(k++).bits, threads = number() ? d.argument(k++).bits : 0;
  const slot source = reduces ? d.in(k++, 1) : nowhere;
  if (k < d.arguments()) return d.unknown();
  instruction& i = d.emit(d.has("arrive") ? arrive : barrier, {result, source}, id);
  i.more = std::int32_t(threads);
  i.flags = !reduces ? wait_only : d.has("popc") ? reduce_popc : d.has("and") ? reduce_and : reduce_or;
}

inline void add_control(opcode_table& t) {
  t["bra"] = bra;
  t["brx"] = brx;
  t["call"] = call;
  t["ret"] = ret;
  t["exit"] = [](decoder& d) { d.emit(leave, {}); };
  t["trap"] = [](decoder& d) {
    d.emit([](warp& w, instruction const&) { w.fail(wrong::trap, "trap", std::countr_zero(w.exec)); }, {});
  };
  t[".branchtargets"] = no_operation;
  t["bar"] = [](decoder& d) { d.has("warp") ? warp_barrier(d) : bar(d); };
  t["barrier"] = bar;
  for (char const* const name : {"membar", "fence", "griddepcontrol", "nanosleep", "prefetch", "prefetchu", "discard",
                                 "applypriority", "pmevent", "setmaxnreg"})
    t[name] = no_operation;
}

}  // namespace ptx::detail
