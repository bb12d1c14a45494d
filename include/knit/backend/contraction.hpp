// SPDX-License-Identifier: BSL-1.0
// contraction.hpp -- in: a contraction of a plan. out: its letters as axes to walk, and where its operands then are.
#pragma once
#include <knit/backend/contraction_letters.hpp>
#include <knit/backend/steps.hpp>

namespace knit::simd {
inline namespace HWY_NAMESPACE {

/// What all ways to compute a contraction share.
template <class P, int S> struct contraction : contraction_letters<P, S> {
  using L = contraction_letters<P, S>;
  using B = body<P, S>;
  using number = typename P::number;
  using lanes = basic_lanes<number>;
  using memory = typename P::memory;
  using L::st, L::v, L::info, L::letters, L::nowhere, L::rank_of, L::letter_of, L::number_of, L::axis_in, L::extent_of, L::name_of;
  using L::slides_along, L::slides_by, L::slides_within;
  static constexpr int lane = B::lane_axis, numbers = nowhere + 1;

  template <int Side> using operand = reader<P, field(P::template at<v>, Side)>;

  /// A coordinate for each number.
  struct coordinates {
    int at[numbers];
  };
  static HWY_INLINE coordinates moved(coordinates c, int number, int by) {
    c.at[number] += by;
    return c;
  }
  /// Axis i of operand Side is at coordinate number from<Side>[i].
  template <int Side> static constexpr auto from = [] {
    std::array<int, max_rank> n{};
    for (int i = 0; i < max_rank; ++i) n[std::size_t(i)] = i < rank_of(Side) ? number_of(info.labels[Side][i]) : nowhere;
    return n;
  }();
  template <int Side> static HWY_INLINE position in_operand(coordinates const& c) {
    constexpr auto& n = from<Side>;
    if constexpr (L::slides(Side))
      return {{place<0>(c) / info.slide[0].divisor, place<1>(c) / info.slide[1].divisor, c.at[n[2]], c.at[n[3]]}};
    else return {{c.at[n[0]], c.at[n[1]], c.at[n[2]], c.at[n[3]]}};
  }
  /// Where operand 1 has slid to along axis Q, as a numerator; is it there?
  template <int Q> static HWY_INLINE int place(coordinates const& c) {
    constexpr sliding s = info.slide[Q];
    return s.numerator(c.at[Q], c.at[contracted_cut + Q]);
  }
  template <int Q> static HWY_INLINE bool there(coordinates const& c) {
    constexpr sliding s = info.slide[Q];
    return s.there(place<Q>(c), L::shape_of(1).extent[Q]);
  }

  /// Operand Side in lanes along a letter, from c on.
  template <int Side, char Letter, class Width> static HWY_INLINE lanes read(memory const& m, coordinates const& c, Width w) {
    using R = operand<Side>;
    constexpr int q = axis_in(Side, Letter);
    if constexpr (L::slides(Side) && !slides_within) return slid<Letter>(m, c, w);
    else if constexpr (L::slides(Side) && slides_along(Letter) != no_axis) return slid<Letter>(m, c, w);
    else if constexpr (q != no_axis) return R::template along<q>(m, in_operand<Side>(c), w);
    else return lanes(R::one(m, in_operand<Side>(c)));
  }
  /// The same of operand 1, which slides: what is outside is 0.
  template <char Letter, class Width> static HWY_INLINE lanes slid(memory const& m, coordinates const& c, Width w) {
    using R = operand<1>;
    constexpr int axis = slides_along(Letter);
    if ((axis != 0 && !there<0>(c)) || (axis != 1 && !there<1>(c))) return lanes(0);
    position p = in_operand<1>(c);
    if constexpr (axis == no_axis) {
      constexpr int q = axis_in(1, Letter);
      if constexpr (q != no_axis) return R::template along<q>(m, p, w);
      else return lanes(R::one(m, p));
    } else {
      constexpr sliding s = info.slide[axis];
      constexpr int extent = L::shape_of(1).extent[axis], by = slides_by(Letter);
      const int n = place<axis>(c), width = filled<number>(w);
      if constexpr (by == 1 && s.divisor == 1) {
        const int lo = n < 0 ? -n : 0, hi = extent - n < width ? extent - n : width;
        if (lo == 0 && hi == width) return R::template along<axis>(m, p, w);
        if (hi <= lo) return lanes(0);
        p.at[axis] = n + lo;
        const lanes x = R::template along<axis>(m, p, some_lanes{hi - lo});
        if (lo == 0) return x;
        number moved_up[2 * lanes::count] = {};
        store(moved_up + lo, x);
        return load(moved_up);
      } else {
        number x[lanes::count] = {};
        for (int i = 0; i < width; ++i)
          if (const int at = n + by * i; s.there(at, extent)) {
            p.at[axis] = at / s.divisor;
            x[i] = R::one(m, p);
          }
        return load(x);
      }
    }
  }
  static HWY_INLINE position in_result(coordinates const& c) {
    constexpr shape e = P::template extents<v>;
    // Not a loop: g++ makes one out of vectors that are written by halves and read whole, which costs more than a tile.
    return {{e.extent[0] > 1 ? c.at[0] : 0, e.extent[1] > 1 ? c.at[1] : 0, e.extent[2] > 1 ? c.at[2] : 0,
             e.extent[3] > 1 ? c.at[3] : 0}};
  }

  struct end_table {
    int extent[numbers];
    long name[numbers];
  };
  static constexpr end_table ends = [] {
    end_table t{};
    for (int q = 0; q < numbers; ++q) {
      const bool there = q < contracted_cut ? q < rank_of(2) : q < nowhere && q - contracted_cut < rank_of(0);
      t.extent[q] = there ? extent_of(letter_of(q)) : 1;
      t.name[q] = there ? name_of(letter_of(q)) : 0;
    }
    return t;
  }();
  static constexpr bool named = L::shape_of(0).named() || L::shape_of(1).named();

  static HWY_INLINE int first(int q, memory const& m) { return q == st.cut ? m.lo : 0; }
  static HWY_INLINE int end(int q, memory const& m) {
    if (q == st.cut) return m.hi;
    if constexpr (named)
      if (ends.name[q]) return extent_now<P>(ends.name[q], m.leaves);
    return ends.extent[q];
  }

  /// Letters that one loop walks, the last slowest. It is one loop and not a nest, so that what stays in registers
  /// around it is no variable of a lambda's.
  struct walk {
    int count, number[numbers];
    long size;  ///< the most rounds there may be
  };
  /// All letters of extent for which f holds; the one that slabs cut comes last.
  template <class F> static constexpr walk walk_of(F const& f) {
    walk w{0, {}, 1};
    for (int last = 0; last < 2; ++last)
      for (int q = 0; q < nowhere; ++q) {
        if (q < contracted_cut ? q >= rank_of(2) : q - contracted_cut >= rank_of(0) || axis_in(2, letter_of(q)) != no_axis)
          continue;
        if (bool(last) != (q == st.cut) || extent_of(letter_of(q)) == 1 || !f(letter_of(q))) continue;
        w.number[w.count++] = q;
        w.size *= extent_of(letter_of(q));
      }
    return w;
  }
  template <walk const& W> static HWY_INLINE int rounds(memory const& m) {
    if constexpr (W.count == 0) return 1;
    else {
      int n = 1;
      for (int i = 0; i < W.count; ++i) n *= end(W.number[i], m) - first(W.number[i], m);
      return n;
    }
  }
  /// Sets the coordinates of round r.
  template <walk const& W> static HWY_INLINE void place(coordinates& c, int r, memory const& m) {
    for (int i = 0; i < W.count; ++i) {
      const int q = W.number[i], n = end(q, m) - first(q, m);
      c.at[q] = first(q, m) + (i + 1 < W.count ? r % n : r);
      if (i + 1 < W.count) r /= n;
    }
  }

  /// Does a tile of this width occur along a letter, where tiles are as equal as can be?
  static constexpr bool occurs(int q, int most, int width) {
    const int n = extent_of(letter_of(q)), tiles = (n + most - 1) / most;
    return ((q == st.cut || name_of(letter_of(q))) && width <= n) || width == n / tiles || width == (n + tiles - 1) / tiles;
  }

  static constexpr bool cut_terms = st.cut >= contracted_cut;  ///< each slab sums its part of a contracted axis

  /// What follows with the elements of the result from p on, which s.value[0] holds: register `block` of a tile's column.
  template <class Width> static HWY_INLINE void epilogue(typename B::state& s, position const& p, Width w, int block = 0) {
    if constexpr (cut_terms && B::template in_parts<v>)
      if (!s.m.first) s.value[0][0] = s.value[0][0] + B::template stored<v>(s, p, w);
    B::template write<v>(s, p, s.value[0][0], w);
    B::template run<1>(s, p, w, block);
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace knit::simd
