// SPDX-License-Identifier: BSL-1.0
// contract.hpp -- in: a contraction of a plan. out: register tiles of it, each finished by the step's epilogue.
#pragma once
#include <knit/backend/product.hpp>
#include <knit/backend/slide.hpp>

namespace knit::simd {
inline namespace HWY_NAMESPACE {

/// A step of kind contract over one slab: a product of matrices by tiles, inside loops over all other letters.
template <class P, int S> struct contract_step : product<P, S> {
  using L = product<P, S>;
  using typename L::B, typename L::number, typename L::lanes, typename L::memory, typename L::coordinates, typename L::others;
  using typename L::A, typename L::Bm;
  using L::is_product, L::a_side, L::M, L::m_number, L::around, L::along_b, L::terms, L::at, L::a_panels, L::a_direct, L::b_plain,
      L::b_panels, L::b_direct, L::rows, L::widest, L::tail_rows, L::cut_k, L::cut_n, L::named_m, L::some_k, L::rounds_in_table,
      L::group, L::packed_rows, L::pack_a, L::n_number, L::k_number, L::N, L::K, L::n_letter, L::k_letter, L::b_side, L::named_n,
      L::st, L::lane, L::moved;

  /// Is the tile the way? Slabs of terms are read where they lie, and what has to be packed fits the stack.
  /// Few columns are not worth packing rows for whose terms lie side by side.
  static constexpr bool few = !a_direct && N * along_b.size <= 2 && terms.count == 0 && lanes_contraction<P, S>::terms_beside &&
                              !st.row && !st.any_reduction;
  static constexpr bool tiled =
      is_product && !few && (L::cut_terms ? a_direct && b_plain : (a_direct && b_direct) || K * terms.size <= longest_packed);
  static_assert(tiled || (!st.row && !st.any_reduction));
  /// Does the step reduce each row over all columns? A panel then ends with its rows' totals.
  static constexpr bool sums_columns = st.any_reduction && !st.reduces[lane];

  /// Widths of register tiles that occur: slabs and the tiles of a slab are as equal as can be.
  static constexpr auto widths = [] {
    std::array<bool, 16> used{};
    auto mark = [&](int w) {
      const int tiles = (w + widest - 1) / widest;
      for (int t = 0; t < tiles; ++t) used[std::size_t(w * (t + 1) / tiles - w * t / tiles)] = true;
    };
    constexpr region r = P::template region_at<st.region>;
    if (cut_n)
      for (int s = 0; s < r.slabs; ++s) mark(r.bound(s + 1) - r.bound(s));
    else mark(N);
    if (named_n)  // what is left of columns is done by these
      for (int w : {1, 2, 4, 8})
        if (w <= widest) used[std::size_t(w)] = true;
    return used;
  }();
  /// Calls f(first column, width) for each of the tiles that columns [n, hi) are cut into. One division for all of them, as it
  /// takes as long as a small tile.
  template <class F> static HWY_INLINE void for_tiles(int n, int hi, F const& f) {
    const int tiles = (hi - n + widest - 1) / widest;
    if (tiles <= 0) return;
    const int narrow = (hi - n) / tiles, wider = tiles - (hi - n) % tiles;
    if (!named_n || (widths[std::size_t(narrow)] && (wider == tiles || widths[std::size_t(narrow + 1)])))
      for (int t = 0, width; t < tiles; ++t, n += width) f(n, width = narrow + (t >= wider));
    else  // an extent for which no such tiles are compiled
      for (int width; n < hi; n += width) {
        for (width = std::min(hi - n, widest); !widths[std::size_t(width)];) --width;
        f(n, width);
      }
  }

  /// t += A B over K steps, R rows of A.
  template <int Steps, int R, int MV, int NR> static HWY_INLINE void add_product(tile<MV, NR, number>& t, int there,
                                                                                 number const* a, long a_by, number const* b,
                                                                                 long b_by_k, long b_by_n, long ahead) {
    if constexpr (L::template reads_whole<R>) multiply<Steps>(t, a, a_by, b, b_by_k, b_by_n, ahead);
    else multiply_rows<Steps>(t, there, a, a_by, b, b_by_k, b_by_n, ahead);
  }

  /// One tile: R rows from m0 on, of a panel of A that is Panel rows wide, and NR columns from n0 on.
  template <int NR, int R, int Panel> static HWY_INLINE void tile_at(typename B::context const& s, others const& o, int m0, int n0,
                                                                     number const* a_packed, number const* b_packed) {
    constexpr int vectors = L::vectors_of(R);
    tile<vectors, NR, number> t;
    clear(t);
    constexpr long a_by = !a_direct ? packed_rows : a_panels ? Panel : L::template step_along<a_side>(k_letter);
    constexpr long b_by_k = b_plain ? L::template step_along<b_side>(k_letter) : NR,
                   b_by_n = b_plain ? L::template step_along<b_side>(n_letter) : 1;
    const int there = L::template rows_there<R>(s.m, m0);
    if constexpr (rounds_in_table) {
      const coordinates c = at(o, m0, n0);
      number const *a = a_packed, *b = b_packed;
      if constexpr (a_direct) a = A::data(s.m) + A::offset(s.m, L::template in_operand<a_side>(c));
      if constexpr (b_plain) b = Bm::data(s.m) + Bm::offset(s.m, L::template in_operand<b_side>(c));
      for (int r = 0; r < int(terms.size); ++r)
        add_product<K, R>(t, there, a + L::template rounds_of<a_side>[std::size_t(r)], a_by,
                          b + (b_plain ? L::template rounds_of<b_side>[std::size_t(r)] : r * (K * NR)), b_by_k, b_by_n,
                          b_plain && b_by_n == 1 ? 2 * NR : 0);
    } else
      for (int r = 0, rounds = L::template rounds<terms>(s.m); r < rounds; ++r) {
        coordinates c = at(o, m0, n0);
        L::template place<terms>(c, r, s.m);
        if constexpr (cut_k) c.at[k_number] = s.m.lo;
        number const *a, *b;
        if constexpr (a_direct) a = A::data(s.m) + A::offset(s.m, L::template in_operand<a_side>(c));
        else a = a_packed + r * (K * rows);
        if constexpr (b_panels) {  // k runs along the rows of its panels
          constexpr int whole = K / panel_rows * panel_rows, rest = K - whole, width = layout::panel_width(K, K - 1);
          b = Bm::data(s.m);
          for (int k = 0; k < whole; k += panel_rows)
            add_product<panel_rows, R>(t, there, a + k * a_by, a_by,
                                       b + Bm::offset(s.m, L::template in_operand<b_side>(moved(c, k_number, k))), 1, panel_rows,
                                       0);
          if constexpr (rest > 0)
            add_product<rest, R>(t, there, a + whole * a_by, a_by,
                                 b + Bm::offset(s.m, L::template in_operand<b_side>(moved(c, k_number, whole))), 1, width, 0);
          continue;
        }
        if constexpr (b_plain) b = Bm::data(s.m) + Bm::offset(s.m, L::template in_operand<b_side>(c));
        else b = b_packed + r * (K * NR);
        if constexpr (some_k) {
          const int steps = L::end(k_number, s.m) - L::first(k_number, s.m);
          if constexpr (L::template reads_whole<R>) multiply(t, steps, a, a_by, b, b_by_k, b_by_n);
          else multiply_rows(t, steps, there, a, a_by, b, b_by_k, b_by_n);
        } else add_product<K, R>(t, there, a, a_by, b, b_by_k, b_by_n, b_plain && b_by_n == 1 ? 2 * NR : 0);
      }
    typename B::state e(s);
    B::start(e);
    if constexpr (st.row) finish_columns(t, row_finisher<R>{e, L::in_result(at(o, m0, n0))});
    else finish(t, finisher<R>{e, L::in_result(at(o, m0, n0)), there});
    if constexpr (st.any_reduction) B::add_totals(*s.sums, e);
  }
  /// What is done with each register of a tile. A struct, since a lambda cannot be forced inline without a macro,
  /// and a call here would spill the tile.
  template <int R> struct finisher {
    typename B::state& s;
    const position from;
    const int there;
    HWY_INLINE void operator()(int vec, int n, lanes acc) const {
      constexpr int vectors = L::vectors_of(R);
      position p = from;
      p.at[m_number] += vec * lanes::count;
      if constexpr (n_letter != '\0') p.at[n_number] += n;
      s.value[0][0] = acc;
      if constexpr (L::template rest_of_m<R>) L::epilogue(s, p, some_lanes{there}, vec);
      else if constexpr (R % lanes::count == 0) L::epilogue(s, p, all_lanes{}, vec);
      else if (vec + 1 < vectors) L::epilogue(s, p, all_lanes{}, vec);
      else L::epilogue(s, p, some_lanes{R - (vectors - 1) * lanes::count}, vec);
    }
  };
  /// With each column of a tile that holds whole rows of the step's space.
  template <int R> struct row_finisher {
    typename B::state& s;
    const position from;
    template <int MV> HWY_INLINE void operator()(int n, lanes const (&column)[MV]) const {
      position p = from;
      if constexpr (n_letter != '\0') p.at[n_number] += n;
      for (int b = 0; b < MV; ++b) s.value[0][b] = column[b];
      B::for_blocks(p, [&](int block, position const& q, auto w) { B::template write<L::v>(s, q, s.value[0][block], w); });
      B::template run_row<1>(s, p);
    }
  };

  template <int R, int Panel, int NR>
  static void panel_tile(typename B::context const& s, others const& o, int m0, int n0, number const* a_packed) {
    if constexpr (b_direct) tile_at<NR, R, Panel>(s, o, m0, n0, a_packed, nullptr);
    else {
      alignas(64) number packed[K * NR * terms.size];
      for (int r = 0; r < L::template rounds<terms>(s.m); ++r) {
        coordinates c = at(o, m0, n0);
        L::template place<terms>(c, r, s.m);
        L::template pack_b<NR>(s.m, c, packed + r * (K * NR));
      }
      tile_at<NR, R, Panel>(s, o, m0, n0, a_packed, packed);
    }
  }
  /// In the function around it the tile would lose registers to that one's loops; a short one is worth no call.
  template <int R, int Panel, int NR>
  [[gnu::noinline]] static void apart(typename B::context const& s, others const& o, int m0, int n0, number const* a) {
    panel_tile<R, Panel, NR>(s, o, m0, n0, a);
  }
  template <int R, int Panel, int NR = widest>
  static HWY_INLINE void dispatch(typename B::context const& s, int width, others const& o, int m0, int n0, number const* a) {
    if constexpr (NR > 0) {
      if constexpr (widths[NR]) {
        if (width == NR) {
          if constexpr (K < 96) return panel_tile<R, Panel, NR>(s, o, m0, n0, a);
          else return apart<R, Panel, NR>(s, o, m0, n0, a);
        }
      }
      dispatch<R, Panel, NR - 1>(s, width, o, m0, n0, a);
    }
  }
  /// Strips of rows that are done side by side, for each few columns one after the other: what is read of B is then read once for
  /// all of a panel of A, both halves of whose lines are used.
  static constexpr int beside = a_panels && !sums_columns ? panel_rows / rows : 1;
  /// R rows, or Strips times as many.
  template <int R, int Panel, int Strips = 1> static void panel(typename B::context const& s, others o, int m0) {
    alignas(64) number packed[a_direct ? 1 : K * packed_rows * (terms.size / group) + rows];
    if constexpr (!a_direct)
      for (int r = 0; r < L::template rounds<terms>(s.m); r += group) {
        coordinates c = at(o, m0, 0);
        L::template place<terms>(c, r, s.m);
        pack_a(s.m, c, L::template rows_there<R>(s.m, m0), packed + r / group * (K * packed_rows));
      }
    if constexpr (sums_columns) B::start(*s.sums);
    const int n_lo = L::first(n_number, s.m), n_hi = L::end(n_number, s.m);
    const int rounds = L::template rounds<along_b>(s.m);
    for (int r = 0; r < rounds; ++r) {
      if constexpr (along_b.count > 0) L::template place<along_b>(o, r, s.m);
      for_tiles(n_lo, n_hi, [&](int n, int width) {
        for (int strip = 0; strip < Strips; ++strip)
          dispatch<R, Panel>(s, width, o, m0 + strip * R, n, a_direct ? nullptr : packed);
      });
    }
    if constexpr (sums_columns) {
      const int there = L::template rows_there<R>(s.m, m0);
      for (int i = 0; i < there; i += lanes::count) {
        const position p = L::in_result(at(o, m0 + i, 0));
        if (i + lanes::count <= there) B::end(*s.sums, p, all_lanes{}, i / lanes::count);
        else B::end(*s.sums, p, some_lanes{there - i}, i / lanes::count);
      }
    }
  }
  /// All rows, a panel after the other.
  static HWY_INLINE void panels(typename B::context const& s, others const& o) {
    int m0 = L::first(m_number, s.m);
    const int m_hi = L::end(m_number, s.m);
    if constexpr (named_m) {
      for (; m0 + rows <= m_hi; m0 += rows) panel<rows, panel_rows>(s, o, m0);
      for (; m0 < m_hi; m0 += lanes::count) panel<lanes::count, panel_rows>(s, o, m0);
      return;
    }
    constexpr int in_whole = M / panel_rows * panel_rows, last = layout::panel_width(M, M - 1);
    const int whole_hi = rows < panel_rows && m_hi > in_whole ? in_whole : m_hi;
    if constexpr (beside > 1 && in_whole > 0)
      for (; m0 + panel_rows <= whole_hi; m0 += panel_rows) panel<rows, panel_rows, beside>(s, o, m0);
    if constexpr (in_whole > 0)
      for (; m0 + rows <= whole_hi; m0 += rows) panel<rows, panel_rows>(s, o, m0);
    if constexpr (M - in_whole >= rows)  // tiles narrower than a panel also fill the last one
      for (; m0 + rows <= m_hi; m0 += rows) panel<rows, last>(s, o, m0);
    if constexpr (tail_rows > 0)
      if (m0 < m_hi) panel<tail_rows, last>(s, o, m0);
  }

  static void run(memory const& m) {
    typename B::context s(m);
    typename B::state sums(s);
    s.sums = &sums;
    if constexpr (st.any_reduction && !sums_columns) B::start(sums);
    if constexpr (tiled) {
      others o{};
      const int rounds = L::template rounds<around>(m);
      for (int r = 0; r < rounds; ++r) {
        if constexpr (around.count > 0) L::template place<around>(o, r, m);
        panels(s, o);
      }
    } else if constexpr (sliding_sums<P, S>::suits) sliding_sums<P, S>::run(s);
    else lanes_contraction<P, S>::run(s);
    if constexpr (st.any_reduction && !sums_columns) B::end(sums, position{}, all_lanes{});
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace knit::simd
