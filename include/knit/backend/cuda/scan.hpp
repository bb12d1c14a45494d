// SPDX-License-Identifier: BSL-1.0
// scan.hpp -- in: a step of a plan that is a scan. out: its lines shared among the threads of a block, and parts of long ones.
#pragma once
#include <knit/backend/cuda/map.hpp>

namespace knit::cuda {

/// A scan over one slab: of its lines the share number `share` of `shares`. Where there are fewer lines than threads, a team has
/// one: each thread does a part of it, from nothing, says what that does to whatever comes in, and, when the teams know what
/// does, does its part again. So what comes out depends on extents alone.
template <class P, int S, int Threads> struct scan_step {
  using W = walk<P, S>;
  static constexpr step st = W::st;
  using B = body<P, S, 1>;
  using number = typename P::number;
  static constexpr int v = P::template planned_step<S>.value;
  using Op = typename P::template op<v>;
  using factor = reader<P, field(P::template at<v>, 0)>;
  using term = reader<P, field(P::template at<v>, 1)>;
  static constexpr long lines = W::positions(false);
  static constexpr int length = st.space.extent[Op::along];
  /// Threads that share a line.
  static constexpr int team = [] {
    constexpr int least = 8;  // elements of a part
    const int of_lines = power_of_share<P, S>(lines), most = power_above((length + least - 1) / least);
    const int t = of_lines >= Threads ? 1 : Threads / of_lines;
    return t < most ? t : most;
  }();
  static constexpr int slots = Threads / team;
  static constexpr int part = (length + team - 1) / team;
  static constexpr long rounds = (lines + slots - 1) / slots;
  static constexpr int shared_numbers = team > 1 ? 2 * Threads : 1;

  /// What a part of a line does: y behind it is by * y before it + with.
  struct state {
    position at;
    int begin, end;  ///< in the order of the scan
    lane<number> by, with;
  };

  /// Elements [begin, end) of a line, of which y is before; calls kept(where, factor, what) for each.
  template <class Kept> KNIT_FN static void walk_part(memory<P> const& m, state const& s, int n, lane<number> y, Kept const& kept) {
    constexpr bool back = Op::back;
    constexpr int along = Op::along;
    for (int i = s.begin; i < s.end; ++i) {
      position p = s.at;
      p.at[along] = back ? n - 1 - i : i;
      const lane<number> x = term::one(m, p);
      lane<number> a = number(0);  // before the first there is nothing
      if (i > 0) {
        position q = p;
        if constexpr (back) ++q.at[along];
        a = factor::one(m, q);
        y = eval_that_says_KNIT_FN<Op>(a, y, x);
      } else y = x;
      kept(p, a, y);
    }
  }
  template <class C> KNIT_FN static void run(C const& c, number* shared, memory<P> const& m, int share, int shares) {
    constexpr int along = Op::along;
    constexpr long name = st.space.name[along];
    typename C::template per_thread<state> s;
    const int n = extent_now<P, name>(m, length);
    for (long k = share; k < rounds; k += shares) {
      c.each_own([&](int t) {
        const long line = k * slots + t % slots;
        const int begin = t / slots * part;
        s[t].at = position{};
        W::template place<false>(m, line, s[t].at);
        const bool here = line < lines && W::template here<true>(m, s[t].at) > 0;
        s[t].begin = begin < n ? begin : n;
        s[t].end = !here ? s[t].begin : begin + part < n ? begin + part : n;
        s[t].by = number(1);
        s[t].with = number(0);
      });
      if constexpr (team > 1) {
        c.each([&](int t) {
          walk_part(m, s[t], n, number(0), [&](position const&, lane<number> a, lane<number> y) {
            s[t].by = s[t].by * a;
            s[t].with = y;
          });
          shared[t] = s[t].by.v;
          shared[Threads + t] = s[t].with.v;
        });
        for (int apart = slots; apart < Threads; apart *= 2) {
          c.each([&](int t) {
            if (t < apart) return;
            const lane<number> before = shared[Threads + t - apart];
            if (before != lane<number>(0)) s[t].with = fma(s[t].by, before, s[t].with);  // or 0 times what is too large were NaN
            s[t].by = s[t].by * lane<number>(shared[t - apart]);
          });
          c.each([&](int t) {
            shared[t] = s[t].by.v;
            shared[Threads + t] = s[t].with.v;
          });
        }
      }
      c.each([&](int t) {
        lane<number> y = number(0);
        if constexpr (team > 1)
          if (t >= slots) y = shared[Threads + t - slots];
        walk_part(m, s[t], n, y, [&](position const& p, lane<number>, lane<number> z) { *B::template address<v>(m, p) = z.v; });
      });
    }
  }
};

}  // namespace knit::cuda
