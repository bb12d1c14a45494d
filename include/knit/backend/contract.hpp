// SPDX-License-Identifier: BSL-1.0
// contract.hpp -- in: a contraction of a plan. out: register tiles of it, each finished by the step's epilogue.
#pragma once
#include <knit/backend/general.hpp>
#include <knit/backend/slide.hpp>

namespace knit::simd {
inline namespace HWY_NAMESPACE {

/// A step of kind contract over one slab: C(m, n) = sum over k of A(m, k) B(k, n), m in lanes, inside loops over all other
/// letters. Which operand plays A, and how each is read, follows from the letters and from where the values lie.
template <class P, int S> struct contract_step : contraction<P, S> {
  using L = contraction<P, S>;
  using typename L::B, typename L::number, typename L::lanes, typename L::memory, typename L::coordinates, typename L::walk;
  using L::st, L::lane, L::letters, L::axis_in, L::extent_of, L::number_of, L::moved;
  static constexpr bool is_product = letters.rows != '\0';
  static constexpr int a_side = letters.side, b_side = 1 - a_side;
  static constexpr char m_letter = letters.rows, n_letter = letters.columns, k_letter = letters.terms;
  static constexpr int M = extent_of(m_letter), N = extent_of(n_letter), K = extent_of(k_letter);
  static constexpr int m_number = number_of(m_letter), n_number = number_of(n_letter), k_number = number_of(k_letter);

  /// The other letters: of A or of both, whose rows are then others; of B alone; and of what is summed over.
  static constexpr walk around = L::walk_of([](char x) { return axis_in(2, x) != no_axis && x != m_letter && L::carried(a_side, x); });
  static constexpr walk along_b = L::walk_of([](char x) { return axis_in(2, x) != no_axis && x != n_letter && !L::carried(a_side, x); });
  static constexpr walk terms = L::walk_of([](char x) { return axis_in(2, x) == no_axis && x != k_letter; });

  /// Coordinates of the other letters. Nothing where there are none, so that the compiler need not know that all are 0.
  struct nothing {};
  using others = std::conditional_t<around.count + along_b.count == 0, nothing, coordinates>;
  /// Row m and column n of the product for these.
  static HWY_INLINE coordinates at(others const& o, int m, int n) {
    coordinates c{};
    if constexpr (std::is_same_v<others, coordinates>) c = o;
    c.at[m_number] = m;
    c.at[n_number] = n;
    return c;
  }

  using A = typename L::template operand<a_side>;
  using Bm = typename L::template operand<b_side>;
  static constexpr int a_m = L::axis_along(a_side, m_letter), a_k = L::axis_along(a_side, k_letter);
  static constexpr int b_k = L::axis_along(b_side, k_letter), b_n = L::axis_along(b_side, n_letter);

  template <class R> static constexpr bool direct_source = !R::sampled &&
      ((R::what == role::leaf && R::info.holds == element_of<number>()) || (R::what == role::computed && R::place.parts == 1));
  template <class R> static constexpr int base_axis(int axis) { return axis == no_axis ? no_axis : R::from.axis[axis]; }
  /// How far apart neighbours along a letter of operand Side lie.
  template <int Side> static constexpr long step_along(char letter) {
    const int axis = L::axis_along(Side, letter), by = L::slides(Side) && L::slides_along(letter) != no_axis ? L::slides_by(letter) : 1;
    return axis == no_axis ? 0 : by * L::template operand<Side>::stride(axis);
  }

  static constexpr bool a_panels = direct_source<A> && !L::slides(a_side) && A::panels && base_axis<A>(a_m) == 0 && (a_k == no_axis || base_axis<A>(a_k) == 1 || K == 1);
  static constexpr bool a_plain = direct_source<A> && L::stays(a_side) && !A::panels && base_axis<A>(a_m) != no_axis && step_along<a_side>(m_letter) == 1;
  static constexpr bool a_direct = a_panels || a_plain;
  static constexpr bool b_plain = direct_source<Bm> && L::stays(b_side) && !Bm::panels;
  static constexpr bool b_panels = direct_source<Bm> && !L::slides(b_side) && Bm::panels && b_k != no_axis && base_axis<Bm>(b_k) == 0 && (b_n == no_axis || base_axis<Bm>(b_n) == 1);
  static constexpr bool b_direct = b_plain || b_panels;

  /// A tile has the rows of two registers, or all of a row that the step goes on with, and as many columns as there are registers
  /// for, 14 at most. Of floats in 32 registers the rows are a panel's; 2 x 14 are wider than 4 x 6 and as fast or faster (98 percent
  /// of peak against 93 with K = 784). 2 x 6 fit 16 registers.
  static constexpr int rows = st.row || 2 * lanes::count > panel_rows ? panel_rows : 2 * lanes::count;
  static constexpr int full_vectors = (std::min(M, rows) + lanes::count - 1) / lanes::count;
  static constexpr int widest = std::clamp((register_count - full_vectors - 1) / full_vectors, 1, 14);
  static constexpr int tail_rows = M % rows;

  /// Is the tile the way? Slabs of terms are read where they lie, and what has to be packed fits the stack.
  /// Few columns are not worth packing rows for whose terms lie side by side.
  static constexpr bool few = !a_direct && N * along_b.size <= 2 && terms.count == 0 && lanes_contraction<P, S>::terms_beside && !st.row && !st.any_reduction;
  static constexpr bool tiled = is_product && !few && (L::cut_terms ? a_direct && b_plain : (a_direct && b_direct) || K * terms.size <= longest_packed);
  static_assert(tiled || (!st.row && !st.any_reduction));
  /// Does the step reduce each row over all columns? A panel then ends with its rows' totals.
  static constexpr bool sums_columns = st.any_reduction && !st.reduces[lane];

  static constexpr bool cut_k = k_letter && st.cut == k_number;  ///< each slab sums its part of k
  static constexpr bool cut_n = n_letter && st.cut == n_number;
  // Letters whose extent is known at run time only.
  static constexpr bool named_m = L::name_of(m_letter) != 0, named_k = L::name_of(k_letter) != 0, named_n = L::name_of(n_letter) != 0;
  static constexpr bool some_k = cut_k || named_k;  ///< not all K terms

  /// Widths of register tiles that occur: slabs and the tiles of a slab are as equal as can be.
  static constexpr auto widths = [] {
    std::array<bool, 16> used{};
    auto mark = [&](int w) {
      const int tiles = (w + widest - 1) / widest;
      for (int t = 0; t < tiles; ++t) used[std::size_t(w * (t + 1) / tiles - w * t / tiles)] = true;
    };
    constexpr region r = P::plan.regions[st.region];
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

  /// Are the rounds of terms so few, and as far apart everywhere, that a table says where each begins?
  static constexpr bool rounds_in_table = [] {
    bool even = terms.count > 0 && terms.size <= 1024 && !a_panels && !b_panels && !some_k;
    for (int i = 0; i < terms.count; ++i) even = even && terms.number[i] != st.cut && L::name_of(L::letter_of(terms.number[i])) == 0;
    return even;
  }();
  /// Is A a plain array along whose rows, side by side, something slides, and along whose terms nothing does?
  static constexpr bool slides_along_rows = [] {
    const int q = L::slides(a_side) ? L::slides_along(m_letter) : no_axis;
    return q == 0 && direct_source<A> && !A::panels && A::stride(q) == 1 && L::slides_by_ones(m_letter) &&
           L::slides_along(k_letter) == no_axis && !named_k && !cut_k;
  }();
  /// Rounds that differ only in how far A has slid along its rows read one packed row, longer by so much, from other places.
  static constexpr char along_row = slides_along_rows ? L::info.labels[0][0] : '\0';
  static constexpr int group = along_row && rounds_in_table ? extent_of(along_row) : 1;
  static constexpr int slide_back = group > 1 && L::slides_by(along_row) < 0 ? -L::slides_by(along_row) * (group - 1) : 0;
  static constexpr int longer = group > 1 && slide_back == 0 ? L::slides_by(along_row) * (group - 1) : slide_back;
  static constexpr int packed_rows = longer > 0 ? ((M < rows ? M : rows) + longer + lanes::count - 1) / lanes::count * lanes::count : rows;
  /// The same as pack_a below: what is outside is worked out once for all terms.
  static void pack_slid(memory const& mem, coordinates const& at, int count, number* to) {
    constexpr int extent = L::shape_of(1).extent[0];
    if (!L::template there<1>(at)) {
      std::fill_n(to, K * packed_rows, number(0));
      return;
    }
    position p = L::template in_operand<1>(at);
    p.at[0] = 0;
    number const* const row = A::data(mem) + A::offset(mem, p);
    const int first = L::template place<0>(at) - slide_back;
    const int end = count + longer < extent - first ? count + longer : extent - first;  // of what is there
    for (int i = 0; i < count + longer; i += lanes::count) {
      const int from = first + i, lo = from < 0 ? -from < lanes::count ? -from : lanes::count : 0;
      const int hi = end - i < lo ? lo : end - i < lanes::count ? end - i : lanes::count;
      number const* x = row + from;
      number* y = to + i;
      if (lo == 0 && hi == lanes::count)
        for (int k = 0; k < K; ++k, x += step_along<a_side>(k_letter), y += packed_rows) store(y, load(x));
      else
        for (int k = 0; k < K; ++k, x += step_along<a_side>(k_letter), y += packed_rows) store(y, load_between(x, lo, hi));
    }
  }
  /// Rows of A from `at` on as a panel, for operands whose rows do not lie side by side.
  static void pack_a(memory const& mem, coordinates const& at, int count, number* to) {
    constexpr bool k_contiguous = direct_source<A> && !L::slides(a_side) && base_axis<A>(a_m) != no_axis && a_k != no_axis && base_axis<A>(a_k) != no_axis;
    const position p = L::template in_operand<a_side>(at);
    if constexpr (slides_along_rows) pack_slid(mem, at, count, to);
    else if constexpr (k_contiguous && A::panels) {  // a transposed weight: k runs along the rows of its panels
      constexpr int k_full = K / panel_rows * panel_rows;
      number const* const w = A::data(mem);
      constexpr int columns = A::extents.extent[1];
      const int m0 = p.at[a_m];
      for (int k = 0; k < k_full; k += panel_rows)
        pack_transposed<panel_rows, rows>(to + k * rows, w + long(k) * columns + long(m0) * panel_rows, panel_rows, count);
      if constexpr (K > k_full) {
        constexpr int width = layout::panel_width(K, k_full);
        pack_transposed<K - k_full, rows>(to + k_full * rows, w + long(k_full) * columns + long(m0) * width, width, count);
      }
    } else if constexpr (k_contiguous && step_along<a_side>(k_letter) == 1 && !named_k) {
      pack_transposed<K, rows>(to, A::data(mem) + A::offset(mem, p), step_along<a_side>(m_letter), count);
    } else
      for (int k = 0, end = L::end(k_number, mem); k < end; ++k)
        for (int i = 0; i < count; i += lanes::count) {
          const coordinates q = moved(moved(at, k_number, k), m_number, i);
          if (i + lanes::count <= count) store(to + k * rows + i, L::template read<a_side, m_letter>(mem, q, all_lanes{}));
          else store(to + k * rows + i, L::template read<a_side, m_letter>(mem, q, some_lanes{count - i}));
        }
  }

  /// Rows of a tile of R that are there. If M is known at run time only, its last rows are tiles of one register.
  template <int R> static constexpr bool rest_of_m = named_m && R == lanes::count;
  template <int R> static HWY_INLINE int rows_there(memory const& m, int m0) {
    if constexpr (!rest_of_m<R>) return R;
    else return L::end(m_number, m) - m0 < R ? L::end(m_number, m) - m0 : R;
  }
  // Internal arrays are padded to whole vectors; memory of the caller is not.
  template <int R> static constexpr bool reads_whole = !a_direct || a_panels || (R % lanes::count == 0 && !rest_of_m<R>);

  /// NR columns of B from `at` on, a row of them after the other, for operands that do not lie as they are computed with.
  template <int NR> static void pack_b(memory const& mem, coordinates const& at, number* to) {
    constexpr bool in_panels = Bm::panels && base_axis<Bm>(b_n) == 0;  // lanes of a panel are not read across its bounds
    for (int k = 0, end = L::end(k_number, mem); k < end; ++k)
      for (int n = 0, step; n < NR; n += step) {
        const coordinates p = moved(moved(at, k_number, k), n_number, n);
        step = NR - n < lanes::count ? NR - n : lanes::count;
        if constexpr (in_panels)
          if (const int left = panel_rows - L::template in_operand<b_side>(p).at[b_n] % panel_rows; left < step) step = left;
        store_n(to + k * NR + n, L::template read<b_side, n_letter>(mem, p, some_lanes{step}), step);
      }
  }

  /// t += A B over K steps, R rows of A.
  template <int Steps, int R, int MV, int NR>
  static HWY_INLINE void add_product(tile<MV, NR, number>& t, int there, number const* a, long a_by, number const* b, long b_by_k, long b_by_n, long ahead) {
    if constexpr (reads_whole<R>) multiply<Steps>(t, a, a_by, b, b_by_k, b_by_n, ahead);
    else multiply_rows<Steps>(t, there, a, a_by, b, b_by_k, b_by_n, ahead);
  }

  /// The table, for operand Side.
  template <int Side> static constexpr auto rounds_of = [] {
    std::array<int, rounds_in_table ? std::size_t(terms.size) : 1> behind{};
    for (int r = 0; r < int(behind.size()) && rounds_in_table; ++r)
      for (int i = 0, rest = r; i < terms.count; ++i) {
        const char letter = L::letter_of(terms.number[i]);
        behind[std::size_t(r)] += int(rest % extent_of(letter) * step_along<Side>(letter));
        rest /= extent_of(letter);
      }
    for (int r = 0; r < int(behind.size()) && Side == a_side && !a_direct; ++r)
      behind[std::size_t(r)] = r / group * (K * packed_rows) + (group > 1 ? r % group * L::slides_by(along_row) + slide_back : 0);
    return behind;
  }();

  /// One tile: R rows from m0 on, of a panel of A that is Panel rows wide, and NR columns from n0 on.
  template <int NR, int R, int Panel>
  static HWY_INLINE void tile_at(typename B::context const& s, others const& o, int m0, int n0, number const* a_packed, number const* b_packed) {
    constexpr int vectors = (R + lanes::count - 1) / lanes::count;
    tile<vectors, NR, number> t;
    clear(t);
    constexpr long a_by = !a_direct ? packed_rows : a_panels ? Panel : step_along<a_side>(k_letter);
    constexpr long b_by_k = b_plain ? step_along<b_side>(k_letter) : NR, b_by_n = b_plain ? step_along<b_side>(n_letter) : 1;
    const int there = rows_there<R>(s.m, m0);
    if constexpr (rounds_in_table) {
      const coordinates c = at(o, m0, n0);
      number const *a = a_packed, *b = b_packed;
      if constexpr (a_direct) a = A::data(s.m) + A::offset(s.m, L::template in_operand<a_side>(c));
      if constexpr (b_plain) b = Bm::data(s.m) + Bm::offset(s.m, L::template in_operand<b_side>(c));
      for (int r = 0; r < int(terms.size); ++r)
        add_product<K, R>(t, there, a + rounds_of<a_side>[std::size_t(r)], a_by,
                          b + (b_plain ? rounds_of<b_side>[std::size_t(r)] : r * (K * NR)), b_by_k, b_by_n, b_plain && b_by_n == 1 ? 2 * NR : 0);
    } else for (int r = 0, rounds = L::template rounds<terms>(s.m); r < rounds; ++r) {
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
          add_product<panel_rows, R>(t, there, a + k * a_by, a_by, b + Bm::offset(s.m, L::template in_operand<b_side>(moved(c, k_number, k))), 1, panel_rows, 0);
        if constexpr (rest > 0)
          add_product<rest, R>(t, there, a + whole * a_by, a_by, b + Bm::offset(s.m, L::template in_operand<b_side>(moved(c, k_number, whole))), 1, width, 0);
        continue;
      }
      if constexpr (b_plain) b = Bm::data(s.m) + Bm::offset(s.m, L::template in_operand<b_side>(c));
      else b = b_packed + r * (K * NR);
      if constexpr (some_k) {
        const int steps = L::end(k_number, s.m) - L::first(k_number, s.m);
        if constexpr (reads_whole<R>) multiply(t, steps, a, a_by, b, b_by_k, b_by_n);
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
      constexpr int vectors = (R + lanes::count - 1) / lanes::count;
      position p = from;
      p.at[m_number] += vec * lanes::count;
      if constexpr (n_letter != '\0') p.at[n_number] += n;
      s.value[0][0] = acc;
      if constexpr (rest_of_m<R>) L::epilogue(s, p, some_lanes{there}, vec);
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

  template <int R, int Panel, int NR> static void panel_tile(typename B::context const& s, others const& o, int m0, int n0, number const* a_packed) {
    if constexpr (b_direct) tile_at<NR, R, Panel>(s, o, m0, n0, a_packed, nullptr);
    else {
      alignas(64) number packed[K * NR * terms.size];
      for (int r = 0; r < L::template rounds<terms>(s.m); ++r) {
        coordinates c = at(o, m0, n0);
        L::template place<terms>(c, r, s.m);
        pack_b<NR>(s.m, c, packed + r * (K * NR));
      }
      tile_at<NR, R, Panel>(s, o, m0, n0, a_packed, packed);
    }
  }
  /// In the function around it the tile would lose registers to that one's loops; a short one is worth no call.
  template <int R, int Panel, int NR> [[gnu::noinline]] static void apart(typename B::context const& s, others const& o, int m0, int n0, number const* a) {
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
        pack_a(s.m, c, rows_there<R>(s.m, m0), packed + r / group * (K * packed_rows));
      }
    if constexpr (sums_columns) B::start(*s.sums);
    const int n_lo = L::first(n_number, s.m), n_hi = L::end(n_number, s.m);
    const int rounds = L::template rounds<along_b>(s.m);
    for (int r = 0; r < rounds; ++r) {
      if constexpr (along_b.count > 0) L::template place<along_b>(o, r, s.m);
      for_tiles(n_lo, n_hi, [&](int n, int width) {
        for (int strip = 0; strip < Strips; ++strip) dispatch<R, Panel>(s, width, o, m0 + strip * R, n, a_direct ? nullptr : packed);
      });
    }
    if constexpr (sums_columns) {
      const int there = rows_there<R>(s.m, m0);
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
