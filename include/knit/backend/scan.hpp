// SPDX-License-Identifier: BSL-1.0
// scan.hpp -- in: a step of a plan that is a scan. out: its lines, each in order, side by side in lanes where they lie so.
#pragma once
#include <knit/backend/map.hpp>

namespace knit::simd {
inline namespace HWY_NAMESPACE {

/// A scan over one slab.
template <class P, int S> struct scan_step {
  using B = body<P, S>;
  using number = typename P::number;
  using lanes = basic_lanes<number>;
  using memory = typename P::memory;
  static constexpr step st = P::template step_at<S>;
  static constexpr int v = P::template planned_step<S>.value, lane = st.lane;
  using Op = typename P::template op<v>;

  /// f(p) of each first element of a line that this slab has, or, where lines lie in lanes, f(p, how many) of some of them.
  template <int Q = max_rank - 1, class F> static void lines(memory const& m, shape const& now, position& p, F const& f) {
    if constexpr (Q < 0) {
      if constexpr (lane == Op::along) f(p);
      else {
        const int lo = lane == st.cut ? m.lo : 0, hi = lane == st.cut ? m.hi : now.extent[lane];
        int i = lo;
        for (; i + lanes::count <= hi; i += lanes::count) p.at[lane] = i, f(p, all_lanes{});
        if (i < hi) p.at[lane] = i, f(p, some_lanes{hi - i});
      }
    } else if constexpr (Q == Op::along || Q == lane) lines<Q - 1>(m, now, p, f);
    else {
      const int lo = Q == st.cut ? m.lo : 0, hi = Q == st.cut ? m.hi : now.extent[Q];
      for (p.at[Q] = lo; p.at[Q] < hi; ++p.at[Q]) lines<Q - 1>(m, now, p, f);
      p.at[Q] = lo;
    }
  }
  /// A line, or several: next(what is before, where the factor is, where the term is).
  template <class Value, class First, class Next>
  static HWY_INLINE void along(int n, position p, First const& first, Next const& next) {
    constexpr int by = Op::back ? -1 : 1;
    p.at[Op::along] = Op::back ? n - 1 : 0;
    Value y = first(p);
    for (int i = 1; i < n; ++i) {
      position q = p;
      p.at[Op::along] += by;
      if constexpr (!Op::back) q = p;
      y = next(y, q, p);
    }
  }

  /// Operand K of one element; a scalar that whoever reads it works out has been, once.
  template <int K> static HWY_INLINE number one(typename B::state const& s, position const& p) {
    constexpr auto from = B::template at<0>.operand[K];
    if constexpr (from.scalar >= 0) return s.of.scalar[from.scalar];
    else return reader<P, field(P::template at<v>, K)>::one(s.m, p);
  }

  static void run(memory const& m) {
    const typename B::context c(m);
    typename B::state s(c);
    const shape now = shape_now<P>(st.space, m.leaves);
    const int n = now.extent[Op::along];
    if (n == 0) return;
    position origin{};
    if constexpr (lane == Op::along)
      lines(m, now, origin, [&](position const& p) {
        auto kept = [&](position const& q, number y) { return *B::template address<v>(s, q) = y; };
        along<number>(
            n, p, [&](position const& q) { return kept(q, one<1>(s, q)); },
            [&](number y, position const& a, position const& q) { return kept(q, Op::eval(one<0>(s, a), y, one<1>(s, q))); });
      });
    else
      lines(m, now, origin, [&](position const& p, auto w) {
        auto kept = [&](position const& q, lanes y) {
          store_lanes(B::template address<v>(s, q), y, w);
          return y;
        };
        along<lanes>(
            n, p, [&](position const& q) { return kept(q, B::template operand<B::template at<0>.operand[1]>(s, q, w, 0)); },
            [&](lanes y, position const& a, position const& q) {
              return kept(q, Op::eval(B::template operand<B::template at<0>.operand[0]>(s, a, w, 0), y,
                                      B::template operand<B::template at<0>.operand[1]>(s, q, w, 0)));
            });
      });
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace knit::simd
