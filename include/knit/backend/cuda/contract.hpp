// SPDX-License-Identifier: BSL-1.0
// contract.hpp -- in: a contraction of a plan. out: elements of its result, each summed by a team of threads.
#pragma once
#include <knit/backend/contraction_letters.hpp>
#include <knit/backend/cuda/map.hpp>

namespace knit::cuda {

/// The letters of a contraction that are summed over, and where they and those of the result are in its operands.
template <class P, int S> struct summed : contraction_letters<P, S> {
  using L = contraction_letters<P, S>;
  using L::st, L::v, L::info;
  static constexpr region of = P::template region_at<st.region>;
  template <int K> static constexpr int operand = field(P::template at<v>, K);
  /// Axis q of operand 0 is summed over.
  static constexpr bool is_summed(int q) { return q < L::rank_of(0) && L::axis_in(2, info.labels[0][q]) == no_axis; }
  static constexpr bool is_cut(int q) { return st.cut == contracted_cut + q && of.extent > 1; }
  static constexpr int extent(int q) { return is_cut(q) ? of.widest() : P::template extents<operand<0>>.extent[q]; }
  static constexpr long terms() {
    long n = 1;
    for (int q = 0; q < max_rank; ++q)
      if (is_summed(q)) n *= extent(q);
    return n;
  }
  /// Coordinates of term number i along the axes of operand 0 that are summed over; is it there?
  template <int Q = 0> KNIT_FN static bool place(memory<P> const& m, long i, position& p) {
    if constexpr (Q == max_rank) return true;
    else if constexpr (!is_summed(Q)) return place<Q + 1>(m, i, p);
    else {
      constexpr int n = extent(Q), bound = P::template extents<operand<0>>.extent[Q];
      constexpr long name = P::template extents<operand<0>>.name[Q];
      p.at[Q] = int(i % n);
      int end = extent_now<P, name>(m, bound);
      if constexpr (is_cut(Q)) {
        p.at[Q] += m.lo;
        end = m.hi;
      }
      return place<Q + 1>(m, i / n, p) && p.at[Q] < end;
    }
  }
  /// Coordinates in operand K of result element p and term t.
  template <int K, int Q = 0> KNIT_FN static void find(position const& p, position const& t, position& to) {
    if constexpr (Q < max_rank && info.labels[K][Q < max_rank ? Q : 0] != '\0') {
      constexpr char letter = info.labels[K][Q];
      constexpr int in_result = axis_of_letter(info, 2, letter), in_first = axis_of_letter(info, 0, letter);
      if constexpr (P::template extents<operand<K>>.extent[Q] == 1) to.at[Q] = 0;
      else if constexpr (in_result != no_axis) to.at[Q] = p.at[in_result];
      else if constexpr (in_first != no_axis) to.at[Q] = t.at[in_first];
      find<K, Q + 1>(p, t, to);
    }
  }
  /// Moves the coordinates in operand K, if it slides, to where it has slid to for result element p and term t; is that there?
  template <int K, int Q = 0> KNIT_FN static bool slide(position const& p, position const& t, position& to) {
    if constexpr (!L::slides(K) || Q == sliding_axes) return true;
    else {
      constexpr sliding s = info.slide[Q];
      constexpr int extent = P::template extents<operand<K>>.extent[Q];
      const int n = s.numerator(p.at[Q], t.at[Q]);
      to.at[Q] = n / s.divisor;
      return s.there(n, extent) && slide<K, Q + 1>(p, t, to);
    }
  }
  /// Operand K where result element p and term t meet.
  template <int K> KNIT_FN static lane<typename P::number> read(memory<P> const& m, position const& p, position const& t) {
    position at{};
    find<K>(p, t, at);
    if (!slide<K>(p, t, at)) return typename P::number(0);
    return reader<P, operand<K>>::one(m, at);
  }
};

/// A contraction over one slab, for any letters: elements of the result are kept positions, terms are shared by a team.
template <class P, int S, int Threads> struct contract_step {
  using W = walk<P, S>;
  using T = summed<P, S>;
  using B = body<P, S, W::width>;
  using number = typename P::number;
  using state = typename B::state;
  static constexpr int width = W::width;
  static constexpr long kept = W::positions(false), terms = T::terms();
  static constexpr int team = [] {
    const int of_positions = power_of_share<P, S>(kept), most = power_above(terms);
    const int t = of_positions >= Threads ? 1 : Threads / of_positions;
    return t < most ? t : most;
  }();
  static constexpr int slots = Threads / team, shared_numbers = Threads;
  static constexpr long rounds = (kept + slots - 1) / slots;

  template <class C> KNIT_FN static void run(C const& c, number* shared, memory<P> const& m, int share, int shares) {
    typename C::template per_thread<state> s;
    for (long k = share; k < rounds; k += shares) {
      c.each_own([&](int t) {
        const long kept_number = k * slots + t % slots;
        s[t].at = position{};
        W::template place<false>(m, kept_number, s[t].at);
        s[t].here = kept_number < kept ? W::here(m, s[t].at) : 0;
        for (int i = 0; i < width; ++i) s[t].value[0].at[i] = number(0);
        if (s[t].here == 0) return;
        for (long r = t / slots; r < terms; r += team) {
          position term{};
          if (!T::place(m, r, term)) continue;
          for (int i = 0; i < width; ++i) {
            if (i < s[t].here) {
              position p = s[t].at;
              p.at[W::lane_axis] += i;
              s[t].value[0].at[i] = fma(T::template read<0>(m, p, term), T::template read<1>(m, p, term), s[t].value[0].at[i]);
            }
          }
        }
      });
      for (int i = 0; i < width; ++i)
        join_teams<team, slots>(
            c, shared, [&](int t) -> lane<number>& { return s[t].value[0].at[i]; },
            [](lane<number> a, lane<number> b) { return a + b; });
      c.each_own([&](int t) {
        if (t / slots != 0 || s[t].here == 0) return;
        B::template epilogue<T::v>(m, s[t]);
      });
    }
    c.each([](int) {});
  }
};

}  // namespace knit::cuda
