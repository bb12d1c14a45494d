// SPDX-License-Identifier: BSL-1.0
// map.hpp -- in: a step of a plan that is no product in tiles. out: its positions shared among the threads of a block.
#pragma once
#include <knit/backend/cuda/steps.hpp>

namespace knit::cuda {

constexpr int power_above(long n) {
  int p = 1;
  while (p < n && p < 1 << 20) p *= 2;
  return p;
}

/// What all steps of a block share: a number for each thread, or tiles of operands.
template <class T, int Size> struct alignas(aligned<T, 4>) shared_memory {
  T at[Size];
};

/// Joins what the threads of each team hold in `held` to a number that all of them then hold, in the order of a binary
/// tree. A team is Size threads that are Stride apart; both are powers of two.
template <int Size, int Stride, class T, class C, class Held, class Join>
KNIT_FN void join_teams(C const& c, T* shared, Held const& held, Join const& join) {
  if constexpr (Size > 1) {
    c.each([&](int t) { shared[t] = held(t).v; });
    for (int s = Size / 2; s > 0; s /= 2)
      c.each([&](int t) {
        if (t / Stride % Size < s) shared[t] = join(lane<T>(shared[t]), lane<T>(shared[t + s * Stride])).v;
      });
    c.each([&](int t) { held(t) = shared[t / (Size * Stride) * (Size * Stride) + t % Stride]; });
  }
}

/// Is step S all of a region that is not cut? Then blocks share what it has to do.
template <class P, int S> inline constexpr bool shared_by_blocks = [] {
  constexpr region r = P::template region_of<S>;
  return r.slabs == 1 && [&]<int... K>(std::integer_sequence<int, K...>) {
    return ((r.first + K == S || P::template planned_step<r.first + K>.empty) && ...);
  }(std::make_integer_sequence<int, r.last - r.first>{});
}();
/// Positions for a block at a time, of so many: all, or, if blocks share them, what leaves something for each of them.
template <class P, int S> constexpr int power_of_share(long positions) {
  constexpr int least = 8;  // side by side
  const long share = shared_by_blocks<P, S> ? (positions - 1) / for_blocks::multiprocessors + 1 : positions;
  return power_above(share < least && least < positions ? least : share);
}

/// The space of a step as its threads walk it: positions that keep a value of their own, and, of each, those that are
/// summed over. Axes of a space, and of what a contraction sums over besides, are numbered as plan::cut_axis numbers them.
template <class P, int S> struct walk {
  static constexpr step st = P::template step_at<S>;
  static constexpr region of = P::template region_at<st.region>;
  static constexpr int lane_axis = st.lane;
  static constexpr bool lane_kept = !st.reduces[lane_axis];
  /// Elements that a thread does at once, along the axis in lanes: all that it loads and stores lies side by side.
  static constexpr int width = !st.row && st.kind != step_kind::scan && st.space.extent[lane_axis] % 4 == 0 &&
                                       st.space.name[lane_axis] == 0 && (st.cut != lane_axis || of.granule % 4 == 0)
                                   ? 4
                                   : 1;
  static constexpr int extent(int q) { return q == st.cut && of.extent > 1 ? of.widest() : st.space.extent[q]; }
  static constexpr int units(int q) {
    return q != lane_axis ? extent(q) : st.row ? power_above(extent(q)) : (extent(q) + width - 1) / width;
  }
  static constexpr long positions(bool reduced) {
    long n = 1;
    for (int q = 0; q < max_rank; ++q)
      if (st.space.extent[q] > 1 && st.reduces[q] == reduced) n *= units(q);
    return n;
  }

  /// Takes the coordinates along kept or reduced axes from the number of a position.
  template <bool Reduced, int Q = 0> KNIT_FN static void place(memory<P> const& m, long number, position& p) {
    if constexpr (Q < max_rank) {
      constexpr bool mine = st.space.extent[Q] > 1 && st.reduces[Q] == Reduced;
      if constexpr (mine) {
        constexpr int n = units(Q), by = Q == lane_axis ? width : 1;
        p.at[Q] = int(number % n) * by;
        if constexpr (Q == st.cut && of.extent > 1) p.at[Q] += m.lo;
        number /= n;
      }
      place<Reduced, Q + 1>(m, number, p);
    }
  }
  /// How many of the `width` elements at p there are; Total: along the axes that are kept alone, so that what no element
  /// adds up to is there, too.
  template <bool Total = false, int Q = 0> KNIT_FN static int here(memory<P> const& m, position const& p) {
    if constexpr (Q == max_rank) return width;
    else {
      int n = here<Total, Q + 1>(m, p);
      if constexpr (st.space.extent[Q] > 1 && !(Total && st.reduces[Q])) {
        constexpr int bound = st.space.extent[Q];
        constexpr long name = st.space.name[Q];
        constexpr bool cut = Q == st.cut && of.extent > 1;
        if constexpr (cut || name != 0 || Q == lane_axis) {
          int end = extent_now<P, name>(m, bound);
          if constexpr (cut) end = m.hi;
          if constexpr (Q == lane_axis) n = end - p.at[Q] < n ? end - p.at[Q] : n;
          else n = p.at[Q] < end ? n : 0;
        }
      }
      return n < 0 ? 0 : n;
    }
  }
};

/// A step of kind map over one slab, or a copy: of its kept positions the share number `share` of `shares`.
template <class P, int S, int Threads> struct map_step {
  using W = walk<P, S>;
  static constexpr step st = W::st;
  static constexpr int width = W::width;
  using B = body<P, S, width>;
  using number = typename P::number;
  using state = typename B::state;
  static constexpr int group = st.row ? W::units(W::lane_axis) : 1;  ///< threads that hold a row
  static constexpr long kept = W::positions(false), reduced = W::positions(true);
  /// Threads that share a kept position.
  static constexpr int team = [] {
    if (!st.any_reduction) return W::lane_kept ? 1 : group;
    const int of_positions = power_of_share<P, S>(kept), most = power_above(reduced);
    int t = of_positions >= Threads ? 1 : Threads / of_positions;
    if (t > most) t = most;
    if (!W::lane_kept) return t < group ? group : t;
    return t > Threads / group ? Threads / group : t;
  }();
  static constexpr int slots = Threads / team;
  static_assert((W::lane_kept ? slots : team) % group == 0, "a row is held by neighbours");
  static constexpr int shared_numbers = Threads;
  /// May blocks share its positions? Then each does some of the kept ones.
  static constexpr long rounds = (kept + slots - 1) / slots;

  template <class C, int... Index> KNIT_FN static void values(C const& c, number* shared, memory<P> const& m,
                                                              typename C::template per_thread<state>& s,
                                                              std::integer_sequence<int, Index...>) {
    if constexpr (!st.row)
      c.each_own([&](int t) {
        if (s[t].here > 0) B::template run<0>(m, s[t]);
      });
    else {
      (value<Index>(c, shared, m, s), ...);
      c.each_own([&](int t) {
        if (s[t].here > 0) B::write_roots(m, s[t]);
      });
    }
  }
  template <int Index, class C>
  KNIT_FN static void value(C const& c, number* shared, memory<P> const& m, typename C::template per_thread<state>& s) {
    c.each_own([&](int t) {
      if (s[t].here > 0) B::template compute<Index>(m, s[t]);
    });
    constexpr auto e = B::template at<Index>;
    if constexpr (e.in_row) {
      constexpr int v = e.v, slot = e.slot;
      constexpr combine how = e.how;
      c.each_own([&](int t) {
        if (s[t].here == 0) s[t].value[slot].at[0] = B::template neutral<how>();
      });
      join_teams<group, 1>(
          c, shared, [&](int t) -> lane<number>& { return s[t].value[slot].at[0]; },
          [](lane<number> a, lane<number> b) { return B::template joined<how>(a, b); });
      c.each_own([&](int t) {
        if (t % group == 0 && s[t].here > 0) B::template write<v>(m, s[t], s[t].value[slot]);
      });
    }
  }
  /// Writes the total of the reduction that has number K of those that add up.
  template <int K, class C>
  KNIT_FN static void end(C const& c, number* shared, memory<P> const& m, typename C::template per_thread<state>& s) {
    constexpr auto e = B::template sum_at<K>;
    constexpr int v = e.v;
    constexpr combine how = e.how;
    auto join = [](lane<number> a, lane<number> b) { return B::template joined<how>(a, b); };
    if constexpr (!W::lane_kept && width > 1)
      c.each_own([&](int t) {
        auto& x = s[t].total[K].at;
        x[0] = join(join(x[0], x[1]), join(x[2], x[3]));
      });
    for (int i = 0; i < (W::lane_kept ? width : 1); ++i)
      join_teams<team, W::lane_kept ? slots : 1>(
          c, shared, [&](int t) -> lane<number>& { return s[t].total[K].at[i]; }, join);
    c.each_own([&](int t) {
      if (member(t) != 0 || s[t].here == 0) return;
      number* const to = B::template address<v>(m, s[t].at);
      for (int i = 0; i < (W::lane_kept ? width : 1); ++i) {
        if (W::lane_kept && i >= s[t].here) break;
        lane<number> x = s[t].total[K].at[i];
        if (B::template in_parts<v> && !m.first) x = join(lane<number>(to[i]), x);
        to[i] = x.v;
      }
    });
  }
  template <class C, int... K> KNIT_FN static void end_all(C const& c, number* shared, memory<P> const& m,
                                                           typename C::template per_thread<state>& s,
                                                           std::integer_sequence<int, K...>) {
    (end<K>(c, shared, m, s), ...);
  }
  template <int... K> KNIT_FN static void start(state& s, std::integer_sequence<int, K...>) {
    for (int i = 0; i < width; ++i) ((s.total[K].at[i] = B::template neutral<B::template sum_at<K>.how>()), ...);
  }

  KNIT_FN static int member(int t) { return W::lane_kept ? t / slots : t % team; }
  KNIT_FN static int slot(int t) { return W::lane_kept ? t % slots : t / team; }

  template <class C> KNIT_FN static void run(C const& c, number* shared, memory<P> const& m, int share, int shares) {
    constexpr auto all = std::make_integer_sequence<int, B::count>{};
    constexpr auto sums = std::make_integer_sequence<int, B::sums>{};
    typename C::template per_thread<state> s;
    for (long k = share; k < rounds; k += shares) {
      c.each_own([&](int t) { start(s[t], sums); });
      for (long r = 0; r < reduced; r += team) {
        c.each_own([&](int t) {
          const long kept_number = k * slots + slot(t), reduced_number = r + member(t);
          s[t].at = position{};
          W::template place<false>(m, kept_number, s[t].at);
          W::template place<true>(m, reduced_number, s[t].at);
          s[t].here = kept_number < kept && reduced_number < reduced ? W::here(m, s[t].at) : 0;
        });
        values(c, shared, m, s, all);
      }
      if constexpr (st.any_reduction) {
        c.each_own([&](int t) {  // where the totals lie
          const long kept_number = k * slots + slot(t);
          s[t].at = position{};
          W::template place<false>(m, kept_number, s[t].at);
          s[t].here = kept_number < kept ? W::template here<true>(m, s[t].at) : 0;
        });
        end_all(c, shared, m, s, sums);
      }
    }
    c.each([](int) {});  // the next step reads what this one has written
  }
};

/// A reshape that moves elements.
template <class P, int S, int Threads> struct copy_step : copied_value<P, S> {
  using copied = copied_value<P, S>;
  using copied::v, copied::u, copied::to, copied::from, copied::size, copied::axis;
  static constexpr int shared_numbers = 1;
  static constexpr long rounds = (size + Threads - 1) / Threads;
  /// Elements below each place along the axis that a slab cuts, and such places.
  static constexpr long below = axis != no_axis ? copied::apart : size;
  static constexpr int places = axis != no_axis ? to.extent[axis] : 1;
  /// Divisions of 64 bits by what is not known are calls.
  static constexpr bool few = size < 1l << 31;
  using index = std::conditional_t<few, unsigned, unsigned long>;
  template <class C> KNIT_FN static void run(C const& c, typename P::number*, memory<P> const& m, int share, int shares) {
    c.each([&](int t) {
      index lo = 0, cut = 1;
      if constexpr (axis != no_axis) lo = index(m.lo), cut = index(m.hi - m.lo);
      constexpr index above = index(size / (below * places)), under = index(below), all = index(places);
      for (index k = index(share) * Threads + index(t); k < above * cut * under; k += index(shares) * Threads) {
        const index i = (k / under / cut * all + lo + k / under % cut) * under + k % under;
        position p{}, q{};
        const bool here = place<P, to>(m, i, p);
        if (!here) continue;
        place<P, from>(m, i, q);
        *body<P, S, 1>::template address<v>(m, p) = reader<P, u>::one(m, q).v;
      }
    });
  }

 private:
  /// Coordinates of element i of an array; is it there?
  template <class Q, shape E, int A = 0> KNIT_FN static bool place(memory<Q> const& m, index i, position& p) {
    if constexpr (A == max_rank) return true;
    else {
      constexpr index n = index(E.extent[A]);
      constexpr long name = E.name[A];
      p.at[A] = int(i % n);
      return place<Q, E, A + 1>(m, i / n, p) && p.at[A] < extent_now<Q, name>(m, E.extent[A]);
    }
  }
};

}  // namespace knit::cuda
