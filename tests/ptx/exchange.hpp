// SPDX-License-Identifier: BSL-1.0
// exchange.hpp -- instructions in which the lanes of a warp meet.
#pragma once
#include "arith.hpp"
#include "number.hpp"

#include <algorithm>

namespace ptx::detail {

/// The slot with each lane's members comes first. Lanes that wait for others come again.
template <class F> void meet(warp& w, instruction const& i, F const& f) {
  std::array<std::uint32_t, lane_count> members;
  std::copy_n(w.reg<std::uint32_t>(i.s[0]), lane_count, members.begin());
  if (w.gather(members.data())) f(members.data());
}

enum shuffle_mode : std::uint8_t { up, down, butterfly, indexed };

inline void shuffle(warp& w, instruction const& i) {
  meet(w, i, [&](std::uint32_t const*) {
    std::array<std::uint32_t, lane_count> a;
    std::copy_n(w.reg<std::uint32_t>(i.s[3]), lane_count, a.begin());
    auto* const d = i.s[1] == nowhere ? nullptr : w.reg<std::uint32_t>(i.s[1]);
    auto const *b = w.reg<std::uint32_t>(i.s[4]), *c = w.reg<std::uint32_t>(i.s[5]);
    mask inside = 0;
    w.each_in_order([&](int l) {
      const int step = int(b[l] & 31), clamp = int(c[l] & 31), segment = int(c[l] >> 8 & 31);
      const int last = (l & segment) | (clamp & ~segment), first = l & segment;
      int from = l;
      bool in = false;
      switch (shuffle_mode(i.flags)) {
        case up:
          from = l - step;
          in = from >= last;
          break;
        case down:
          from = l + step;
          in = from <= last;
          break;
        case butterfly:
          from = l ^ step;
          in = from <= last;
          break;
        case indexed:
          from = first | (step & ~segment);
          in = from <= last;
          break;
      }
      if (!in) from = l;
      if (!(w.exec >> from & 1)) w.fail(wrong::warp, "a read from lane " + std::to_string(from) + ", which does not take part,", l);
      if (d) d[l] = a[std::size_t(from)];
      inside |= mask(in) << l;
    });
    w.set_pred(i.s[2], inside);
  });
}

inline void shfl(decoder& d) {
  operand const& to = d.argument(0);
  bool const two = to.is == operand::list;
  if (!d.has("sync") || d.arguments() != 5) return d.unknown();
  d.emit(shuffle,
         {d.in(4, 32), d.out(two ? to.parts[0] : to), two ? d.out(to.parts[1]) : nowhere, d.in(1, 32), d.in(2, 32), d.in(3, 32)})
      .flags = d.has("up")     ? up
               : d.has("down") ? down
               : d.has("bfly") ? butterfly
                               : indexed;
}

enum vote_mode : std::uint8_t { vote_all, vote_any, vote_uni, vote_ballot };

inline void vote(decoder& d) {
  if (!d.has("sync")) return d.unknown();
  d.emit(
       [](warp& w, instruction const& i) {
         meet(w, i, [&](std::uint32_t const* members) {
           const mask yes = w.pred(i.s[2]) & w.exec;
           mask out = 0;
           w.each_in_order([&](int l) {
             const mask all = members[l] & w.exec, mine = yes & all;
             if (i.flags == vote_ballot) w.reg<std::uint32_t>(i.s[1])[l] = mine;
             else out |= mask(i.flags == vote_any ? mine != 0 : mine == all || (i.flags == vote_uni && !mine)) << l;
           });
           if (i.flags != vote_ballot) w.set_pred(i.s[1], out);
         });
       },
       {d.in(2, 32), d.out(0), d.in(1, 1)})
      .flags = d.has("all")   ? vote_all
               : d.has("any") ? vote_any
               : d.has("uni") ? vote_uni
                              : vote_ballot;
}

/// Which lanes have the same value; for .all only whether all have.
template <class U> void match_lanes(warp& w, instruction const& i) {
  meet(w, i, [&](std::uint32_t const* members) {
    std::array<U, lane_count> a;
    std::copy_n(w.reg<U>(i.s[3]), lane_count, a.begin());
    mask every = 0;
    w.each_in_order([&](int l) {
      mask same = 0;
      for (mask m = members[l] & w.exec; m; m &= m - 1)
        if (a[std::size_t(std::countr_zero(m))] == a[std::size_t(l)]) same |= m & -m;
      const bool all = same == (members[l] & w.exec);
      every |= mask(all) << l;
      if (i.s[1] != nowhere) w.reg<std::uint32_t>(i.s[1])[l] = i.flags && !all ? 0 : same;
    });
    w.set_pred(i.s[2], every);
  });
}

inline void match(decoder& d) {
  operand const& to = d.argument(0);
  bool const two = to.is == operand::list, wide = d.type() == "b64";
  d.emit(wide ? match_lanes<std::uint64_t> : match_lanes<std::uint32_t>,
         {d.in(2, 32), d.out(two ? to.parts[0] : to), two ? d.out(to.parts[1]) : nowhere, d.in(1, wide ? 64 : 32)})
      .flags = d.has("all");
}

template <class Op, class T> void reduce_lanes(warp& w, instruction const& i) {
  meet(w, i, [&](std::uint32_t const* members) {
    std::array<raw<T>, lane_count> a;
    std::copy_n(w.reg<raw<T>>(i.s[2]), lane_count, a.begin());
    w.each_in_order([&](int l) {
      mask m = members[l] & w.exec;
      T sum = from_raw<T>(a[std::size_t(std::countr_zero(m))]);
      for (m &= m - 1; m; m &= m - 1) sum = Op::of(sum, from_raw<T>(a[std::size_t(std::countr_zero(m))]));
      w.reg<raw<T>>(i.s[1])[l] = to_raw(sum);
    });
  });
}

inline void redux(decoder& d) {
  bool const known = with_type(d.type(), types<std::uint32_t, std::int32_t>(), [&]<class T>(tag<T>) {
    auto const run = d.has("add")   ? reduce_lanes<add_op, T>
                     : d.has("min") ? reduce_lanes<min_op, T>
                     : d.has("max") ? reduce_lanes<max_op, T>
                     : d.has("and") ? reduce_lanes<and_op, T>
                     : d.has("or")  ? reduce_lanes<or_op, T>
                                    : reduce_lanes<xor_op, T>;
    d.emit(run, {d.in(2, 32), d.out(0), d.in(1, 32)});
  });
  if (!known) d.unknown();
}

inline void add_exchanges(opcode_table& t) {
  t["shfl"] = shfl;
  t["vote"] = vote;
  t["match"] = match;
  t["redux"] = redux;
  t["activemask"] = [](decoder& d) {
    d.emit(
        [](warp& w, instruction const& i) {
          auto* const r = w.reg<std::uint32_t>(i.s[0]);
          w.each([=, all = w.exec](int l) { r[l] = all; });
        },
        {d.out(0)});
  };
  t["elect"] = [](decoder& d) {
    operand const& to = d.argument(0);
    if (to.is != operand::list) return d.unknown();
    d.emit(
        [](warp& w, instruction const& i) {
          meet(w, i, [&](std::uint32_t const* members) {
            mask elected = 0;
            w.each_in_order([&](int l) {
              const int first = std::countr_zero(members[l] & w.exec);
              if (i.s[1] != nowhere) w.reg<std::uint32_t>(i.s[1])[l] = std::uint32_t(first);
              elected |= mask(first == l) << l;
            });
            w.set_pred(i.s[2], elected);
          });
        },
        {d.in(1, 32), d.out(to.parts[0]), d.out(to.parts[1])});
  };
}

}  // namespace ptx::detail
