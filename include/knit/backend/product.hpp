// SPDX-License-Identifier: BSL-1.0
// product.hpp -- in: a contraction of a plan. out: it as a product of matrices: how its operands lie, and panels of what lies otherwise.
#pragma once
#include <knit/backend/general.hpp>

namespace knit::simd {
inline namespace HWY_NAMESPACE {

/// C(m, n) = sum over k of A(m, k) B(k, n), m in lanes, for all other letters. Which operand plays A, and how each is read, follows
/// from the letters and from where the values lie.
template <class P, int S> struct product : contraction<P, S> {
  using L = contraction<P, S>;
  using typename L::B, typename L::number, typename L::lanes, typename L::memory, typename L::coordinates, typename L::walk;
  using L::st, L::lane, L::letters, L::axis_in, L::extent_of, L::number_of, L::moved;
  static constexpr bool is_product = letters.rows != '\0';
  static constexpr int a_side = letters.side, b_side = 1 - a_side;
  static constexpr char m_letter = letters.rows, n_letter = letters.columns, k_letter = letters.terms;
  static constexpr int M = extent_of(m_letter), N = extent_of(n_letter), K = extent_of(k_letter);
  static constexpr int m_number = number_of(m_letter), n_number = number_of(n_letter), k_number = number_of(k_letter);

  /// The other letters: of A or of both, whose rows are then others; of B alone; and of what is summed over.
  static constexpr walk around =
      L::walk_of([](char x) { return axis_in(2, x) != no_axis && x != m_letter && L::carried(a_side, x); });
  static constexpr walk along_b =
      L::walk_of([](char x) { return axis_in(2, x) != no_axis && x != n_letter && !L::carried(a_side, x); });
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

  template <class R> static constexpr bool direct_source =
      !R::sampled &&
      ((R::what == role::leaf && R::info.holds == element_of<number>()) || (R::what == role::computed && R::place.parts == 1));
  template <class R> static constexpr int base_axis(int axis) { return axis == no_axis ? no_axis : R::from.axis[axis]; }
  /// How far apart neighbours along a letter of operand Side lie.
  template <int Side> static constexpr long step_along(char letter) {
    const int axis = L::axis_along(Side, letter),
              by = L::slides(Side) && L::slides_along(letter) != no_axis ? L::slides_by(letter) : 1;
    return axis == no_axis ? 0 : by * L::template operand<Side>::stride(axis);
  }

  static constexpr bool a_panels = direct_source<A> && !L::slides(a_side) && A::panels && base_axis<A>(a_m) == 0 &&
                                   (a_k == no_axis || base_axis<A>(a_k) == 1 || K == 1);
  static constexpr bool a_plain =
      direct_source<A> && L::stays(a_side) && !A::panels && base_axis<A>(a_m) != no_axis && step_along<a_side>(m_letter) == 1;
  static constexpr bool a_direct = a_panels || a_plain;
  static constexpr bool b_plain = direct_source<Bm> && L::stays(b_side) && (!Bm::panels || Bm::one_panel);
  static constexpr bool b_panels = !b_plain && direct_source<Bm> && !L::slides(b_side) && Bm::panels && b_k != no_axis &&
                                   base_axis<Bm>(b_k) == 0 && (b_n == no_axis || base_axis<Bm>(b_n) == 1);
  static constexpr bool b_direct = b_plain || b_panels;

  /// A tile has the rows of two registers, or all of a row that the step goes on with, and as many columns as there are registers
  /// for, 14 at most. Of floats in 32 registers the rows are a panel's; 2 x 14 are wider than 4 x 6 and as fast or faster (98 percent
  /// of peak against 93 with K = 784). 2 x 6 fit 16 registers.
  static constexpr int rows = st.row || 2 * lanes::count > panel_rows ? panel_rows : 2 * lanes::count;
  static constexpr int vectors_of(int m) { return (m + lanes::count - 1) / lanes::count; }
  static constexpr int full_vectors = vectors_of(std::min(M, rows));
  static constexpr int widest = std::clamp((register_count - full_vectors - 1) / full_vectors, 1, 14);
  static constexpr int tail_rows = M % rows;

  static constexpr bool cut_k = k_letter && st.cut == k_number;  ///< each slab sums its part of k
  static constexpr bool cut_n = n_letter && st.cut == n_number;
  // Letters whose extent is known at run time only.
  static constexpr bool named_m = L::name_of(m_letter) != 0, named_k = L::name_of(k_letter) != 0,
                        named_n = L::name_of(n_letter) != 0;
  static constexpr bool some_k = cut_k || named_k;  ///< not all K terms

  /// Are the rounds of terms so few, and as far apart everywhere, that a table says where each begins?
  static constexpr bool rounds_in_table = [] {
    bool even = terms.count > 0 && terms.size <= 1024 && !a_panels && !b_panels && !some_k;
    for (int i = 0; i < terms.count; ++i)
      even = even && terms.number[i] != st.cut && L::name_of(L::letter_of(terms.number[i])) == 0;
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
  static constexpr int packed_rows = longer == 0 ? rows : vectors_of(std::min(M, rows) + longer) * lanes::count;
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
    constexpr bool k_contiguous =
        direct_source<A> && !L::slides(a_side) && base_axis<A>(a_m) != no_axis && a_k != no_axis && base_axis<A>(a_k) != no_axis;
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
};

}  // namespace HWY_NAMESPACE
}  // namespace knit::simd
