// SPDX-License-Identifier: BSL-1.0
// general.hpp -- in: a contraction that is no product of matrices, or too long to pack. out: the same, in lanes.
#pragma once
#include <knit/backend/contraction.hpp>
#include <knit_kernels/simd/gemm.hpp>

namespace knit::simd {
inline namespace HWY_NAMESPACE {

/// A contraction of any letters over one slab. Lanes lie along the result's lane axis, so that a batch axis there is as
/// many small products as there are lanes. Where nothing lies side by side along it but the terms do, and where the
/// result is a number, they lie along the terms.
template <class P, int S> struct lanes_contraction : contraction<P, S> {
  using C = contraction<P, S>;
  using typename C::B, typename C::number, typename C::lanes, typename C::memory, typename C::coordinates, typename C::walk;
  using C::info, C::lane, C::number_of, C::axis_in, C::extent_of, C::moved;
  static constexpr char lane_letter = info.labels[2][lane];

  /// How an operand lies along a letter: all the same, side by side, or apart.
  enum class lie { repeated, beside, apart };
  template <int Side> static constexpr lie along(char letter) {
    using R = typename C::template operand<Side>;
    if (R::sampled) return lie::apart;
    const int slid = C::slides(Side) ? C::slides_along(letter) : no_axis;
    if (slid != no_axis) return C::slides_by_ones(letter) && !R::panels && R::stride(slid) == 1 ? lie::beside : lie::apart;
    const int q = axis_in(Side, letter);
    if (q == no_axis || R::from.axis[q] == no_axis || R::what == role::constant || R::what == role::inlined) return lie::repeated;
    return (R::panels ? R::from.axis[q] == 0 : R::stride(q) == 1) ? lie::beside : lie::apart;
  }
  static constexpr bool loads(char letter) { return along<0>(letter) != lie::apart && along<1>(letter) != lie::apart; }

  /// The terms that may lie in lanes, or '\0': the longest, of those that lie side by side. Slabs are cut between any two
  /// terms, but lanes of a panel are not read across its bounds.
  static constexpr char term_letter = [] {
    char best = '\0';
    bool best_beside = false;
    for (int i = 0; i < C::rank_of(0); ++i) {
      const char x = info.labels[0][i];
      const bool torn = number_of(x) == C::st.cut && (C::template operand<0>::panels || C::template operand<1>::panels);
      const bool beside = loads(x);
      if (axis_in(2, x) != no_axis || torn || extent_of(x) == 1 || (best_beside && !beside)) continue;
      if (beside == best_beside && extent_of(x) <= extent_of(best)) continue;
      best = x;
      best_beside = beside;
    }
    return best;
  }();
  /// Do many terms lie side by side, and not the results?
  static constexpr bool terms_beside = term_letter && extent_of(term_letter) >= lanes::count &&
                                       (loads(term_letter) || C::cut_terms) && along<0>(lane_letter) != lie::beside &&
                                       along<1>(lane_letter) != lie::beside;
  static constexpr bool terms_in_lanes =
      terms_beside || (term_letter && extent_of(lane_letter) == 1) ||
      (info.slides && term_letter && loads(term_letter) && extent_of(term_letter) > extent_of(lane_letter));
  static constexpr char k_letter = terms_in_lanes ? term_letter : C::letters.terms;

  /// A letter of the result that only operand Side has: several of each are computed at once, so that what is read of
  /// the other serves several sums.
  template <int Side> static constexpr char own_letter = [] {
    char best = '\0';
    for (int q = 0; q < C::rank_of(2) && !terms_in_lanes; ++q) {
      const char x = info.labels[2][q];
      if (q != lane && !C::carried(1 - Side, x) && extent_of(best) < 4 && extent_of(x) > extent_of(best)) best = x;
    }
    return best;
  }();
  static constexpr int i_number = number_of(own_letter<0>), j_number = number_of(own_letter<1>), k_number = number_of(k_letter);
  static constexpr walk around = C::walk_of(
      [](char x) { return axis_in(2, x) != no_axis && x != lane_letter && number_of(x) != i_number && number_of(x) != j_number; });
  static constexpr walk terms = C::walk_of([](char x) { return axis_in(2, x) == no_axis && x != k_letter; });

  /// 4 x 4 sums and what they are made of fit 32 registers, 2 x 4 fit 16.
  static constexpr int most_i = register_count >= 32 ? 4 : 2, most_j = 4;

  // ---- lanes along the result ----

  /// Operand Side from some coordinates on, in lanes at (i, k): i further along its own letter and k along the terms.
  template <int Side> struct by_coordinates {
    memory const& m;
    coordinates c;
    HWY_INLINE void advance(int k) { c.at[k_number] += k; }
    template <class Width> HWY_INLINE lanes at(int i, int k, Width w) const {
      return C::template read<Side, lane_letter>(m, moved(moved(c, Side == 0 ? i_number : j_number, i), k_number, k), w);
    }
  };
  /// Operand Side where neighbours are as far apart everywhere, in lanes along a letter: a pointer, so that i, along the letter of
  /// number Own, and k, along the terms, are part of the address.
  template <int Side, char Lanes, int Own> struct by_pointer {
    using R = typename C::template operand<Side>;
    static constexpr int q = axis_in(Side, Lanes);
    static constexpr long step_of(int n) {
      const int axis = axis_in(Side, C::letter_of(n));
      return axis == no_axis ? 0 : R::stride(axis);
    }
    static constexpr long i_step = step_of(Own), k_step = step_of(k_number);
    decltype(R::data(std::declval<memory const&>())) here;

    HWY_INLINE by_pointer(memory const& m, coordinates const& c)
        : here(R::data(m) + R::offset(m, C::template in_operand<Side>(c))) {}
    HWY_INLINE void advance(int k) { here += k * k_step; }
    template <class Width> HWY_INLINE lanes at(int i, int k, Width w) const {
      auto const* const p = here + i * i_step + k * k_step;
      if constexpr (q == no_axis) return lanes(number(*p));
      else return R::template block<q>(p, position{}, w);
    }
  };
  template <class R> static constexpr bool evenly() {
    return !R::sampled && !R::panels && (R::is_leaf || (R::what == role::computed && R::place.parts == 1));
  }
  template <int Side> using cursor =
      std::conditional_t<!C::slides(Side) && evenly<typename C::template operand<Side>>(),
                         by_pointer<Side, lane_letter, Side == 0 ? i_number : j_number>, by_coordinates<Side>>;

  template <int MI, int NJ, class Width, int... i, int... j>
  static HWY_INLINE void add_term(tile<MI, NJ, number>& t, cursor<0> const& a, cursor<1> const& b, int k, Width w,
                                  detail::ints<i...>, detail::ints<j...>) {
    const lanes of_a[MI] = {a.at(i, k, w)...};
    (detail::axpy(t.acc[j], of_a, b.at(j, k, w), detail::first<MI>), ...);
  }
  template <int MI, int NJ, class Width, int... u>
  static HWY_INLINE void add_terms(tile<MI, NJ, number>* part, memory const& m, coordinates c, Width w, detail::ints<u...>) {
    constexpr int U = sizeof...(u);
    (clear(part[u]), ...);
    const int lo = C::first(k_number, m), hi = C::end(k_number, m), n = C::template rounds<terms>(m);
    for (int r = 0; r < n; ++r) {
      C::template place<terms>(c, r, m);
      c.at[k_number] = lo;
      cursor<0> a{m, c};
      cursor<1> b{m, c};
      int k = lo;
      for (; k + U <= hi; k += U, a.advance(U), b.advance(U))
        (add_term<MI, NJ>(part[u], a, b, u, w, detail::first<MI>, detail::first<NJ>), ...);
      if constexpr (U > 1)
        ((k + u < hi ? add_term<MI, NJ>(part[u], a, b, u, w, detail::first<MI>, detail::first<NJ>) : void()), ...);
    }
    detail::add_pairs<U>(part);
  }
  template <class Width> struct finisher {
    typename B::state& s;
    coordinates const& c;
    Width w;
    HWY_INLINE void operator()(int i, int j, lanes sum) const {
      s.value[0][0] = sum;
      C::epilogue(s, C::in_result(moved(moved(c, i_number, i), j_number, j)), w);
    }
  };
  /// MI x NJ sums from c on. Few sums take terms in turns, or each would wait for itself.
  template <int MI, int NJ, class Width> static void sums(typename B::context const& s, coordinates const& c, Width w) {
    constexpr int U = MI * NJ >= 8 ? 1 : MI * NJ >= 4 ? 2 : MI * NJ >= 2 ? 4 : 8;
    tile<MI, NJ, number> part[U];
    add_terms<MI, NJ>(part, s.m, c, w, detail::first<U>);
    typename B::state e(s);
    finish(part[0], finisher<Width>{e, c, w});
  }
  template <class Width, int MI = most_i, int NJ = most_j>
  static HWY_INLINE void dispatch(typename B::context const& s, coordinates const& c, int i, int j, Width w) {
    if constexpr (MI > 0 && NJ > 0) {
      if constexpr (C::occurs(i_number, most_i, MI) && C::occurs(j_number, most_j, NJ)) {
        if (i == MI && j == NJ) return sums<MI, NJ>(s, c, w);
      }
      if constexpr (NJ > 1) dispatch<Width, MI, NJ - 1>(s, c, i, j, w);
      else dispatch<Width, MI - 1, most_j>(s, c, i, j, w);
    }
  }
  /// All of the result at one block of lanes.
  template <class Width> static void block(typename B::context const& s, coordinates c, Width w) {
    const int i0 = C::first(i_number, s.m), i_width = C::end(i_number, s.m) - i0, i_tiles = (i_width + most_i - 1) / most_i;
    const int j0 = C::first(j_number, s.m), j_width = C::end(j_number, s.m) - j0, j_tiles = (j_width + most_j - 1) / most_j;
    const int n = C::template rounds<around>(s.m);
    for (int r = 0; r < n; ++r) {
      C::template place<around>(c, r, s.m);
      for (int j = 0; j < j_tiles; ++j)
        for (int i = 0; i < i_tiles; ++i) {
          const int i_lo = i_width * i / i_tiles, i_hi = i_width * (i + 1) / i_tiles;
          const int j_lo = j_width * j / j_tiles, j_hi = j_width * (j + 1) / j_tiles;
          c.at[i_number] = i0 + i_lo;
          c.at[j_number] = j0 + j_lo;
          dispatch(s, c, i_hi - i_lo, j_hi - j_lo, w);
        }
    }
  }

  // ---- lanes along the terms ----

  static HWY_INLINE void add_product(tile<1, 1, number>& t, memory const& m, coordinates const& c) {
    lanes& sum = t.acc[0][0];
    sum = fma(C::template read<0, k_letter>(m, c, all_lanes{}), C::template read<1, k_letter>(m, c, all_lanes{}), sum);
  }
  /// One element of the result, as the sum of what is returned.
  template <int... u> static HWY_INLINE lanes dot(memory const& m, coordinates c, detail::ints<u...>) {
    constexpr int U = sizeof...(u);
    tile<1, 1, number> part[U];
    (clear(part[u]), ...);
    const int hi = C::end(k_number, m), n = C::template rounds<terms>(m);
    for (int r = 0; r < n; ++r) {
      C::template place<terms>(c, r, m);
      int& k = c.at[k_number] = C::first(k_number, m);
      for (; k + U * lanes::count <= hi; k += U * lanes::count)
        (add_product(part[u], m, moved(c, k_number, u * lanes::count)), ...);
      for (; k + lanes::count <= hi; k += lanes::count) add_product(part[0], m, c);
      if (k < hi) {
        const some_lanes w{hi - k};  // lanes behind the end are 0 times something, which may be no number
        lanes& sum = part[0].acc[0][0];
        sum = select(first_n<number>(w.n), fma(C::template read<0, k_letter>(m, c, w), C::template read<1, k_letter>(m, c, w), sum),
                     sum);
      }
    }
    detail::add_pairs<U>(part);
    return part[0].acc[0][0];
  }
  /// So many parts of a sum take turns, or each would wait for itself.
  static constexpr int chains = extent_of(k_letter) >= 8 * lanes::count ? 4 : extent_of(k_letter) >= 4 * lanes::count ? 2 : 1;
  template <class Width> static void dots(typename B::context const& s, coordinates c, Width w) {
    const int n = C::template rounds<around>(s.m);
    for (int r = 0; r < n; ++r) {
      C::template place<around>(c, r, s.m);
      lanes x[lanes::count];
      for (int i = 0; i < lanes::count; ++i)
        x[i] = i < filled<number>(w) ? dot(s.m, moved(c, number_of(lane_letter), i), detail::first<chains>) : lanes(0);
      typename B::state e(s);
      e.value[0][0] = reduce_add_each(x);
      C::epilogue(e, C::in_result(c), w);
    }
  }

  // As many sums at once as a register has lanes, of some rows and columns: what is read of one operand serves several.

  static constexpr int a_side = axis_in(0, lane_letter) != no_axis ? 0 : 1;
  static constexpr char column_letter = [] {
    const char x = C::letters.columns;
    return x && axis_in(1 - a_side, x) != no_axis && axis_in(a_side, x) == no_axis ? x : '\0';
  }();
  static constexpr int columns = extent_of(column_letter);
  static constexpr bool tiles_of_dots = !C::slides(0) && !C::slides(1) && evenly<typename C::template operand<0>>() &&
                                        evenly<typename C::template operand<1>>() && axis_in(1 - a_side, lane_letter) == no_axis &&
                                        C::name_of(lane_letter) == 0 && C::name_of(column_letter) == 0 &&
                                        C::st.cut != number_of(lane_letter) && C::st.cut != number_of(column_letter);
  static constexpr walk around_tiles =
      C::walk_of([](char x) { return axis_in(2, x) != no_axis && x != lane_letter && x != column_letter; });

  template <int Side> using along_terms = by_pointer<Side, k_letter, number_of(Side == a_side ? lane_letter : column_letter)>;
  template <int MI, int NJ, class Width, int... i, int... j>
  static HWY_INLINE void add_terms_of_dots(lanes* sum, along_terms<a_side> const& a, along_terms<1 - a_side> const& b, int k,
                                           Width w, detail::ints<i...>, detail::ints<j...>) {
    const lanes of_b[NJ] = {b.at(j, k, w)...};
    auto row = [&](auto i_) {
      const lanes x = a.at(i_, k, w);
      auto add = [&](int at, lanes y) {
        if constexpr (std::is_same_v<Width, all_lanes>) sum[at] = fma(x, y, sum[at]);
        else sum[at] = select(first_n<number>(w.n), fma(x, y, sum[at]), sum[at]);  // behind the end may be no numbers
      };
      (add(j * MI + i_, of_b[j]), ...);
    };
    (row(std::integral_constant<int, i>{}), ...);
  }
  template <int MI, int NJ> static void tile_of_dots(typename B::context const& s, coordinates c) {
    lanes x[lanes::count];
    for (lanes& sum : x) sum = lanes(0);
    const int lo = C::first(k_number, s.m), hi = C::end(k_number, s.m), n = C::template rounds<terms>(s.m);
    for (int r = 0; r < n; ++r) {
      C::template place<terms>(c, r, s.m);
      c.at[k_number] = lo;
      const along_terms<a_side> a{s.m, c};
      const along_terms<1 - a_side> b{s.m, c};
      int k = 0;
      for (; k + lanes::count <= hi - lo; k += lanes::count)
        add_terms_of_dots<MI, NJ>(x, a, b, k, all_lanes{}, detail::first<MI>, detail::first<NJ>);
      if (k < hi - lo) add_terms_of_dots<MI, NJ>(x, a, b, k, some_lanes{hi - lo - k}, detail::first<MI>, detail::first<NJ>);
    }
    number sums[lanes::count];
    store(sums, reduce_add_each(x));
    for (int j = 0; j < NJ; ++j) {
      typename B::state e(s);
      const position p = C::in_result(moved(c, number_of(column_letter), j));
      if constexpr (MI == lanes::count) {
        e.value[0][0] = load(sums);
        C::epilogue(e, p, all_lanes{});
      } else {
        e.value[0][0] = load_n(sums + j * MI, MI);
        C::epilogue(e, p, some_lanes{MI});
      }
    }
  }
  /// MI rows of the result from c on.
  template <int MI> static void rows_of_dots(typename B::context const& s, coordinates c) {
    constexpr int NJ = std::min(columns, lanes::count / MI), rest = columns % NJ;
    const int n = C::template rounds<around_tiles>(s.m);
    for (int r = 0; r < n; ++r) {
      C::template place<around_tiles>(c, r, s.m);
      int& j = c.at[number_of(column_letter)] = 0;
      for (; j + NJ <= columns; j += NJ) tile_of_dots<MI, NJ>(s, c);
      if constexpr (rest > 0) tile_of_dots<MI, rest>(s, c);
    }
  }

  template <class Width> static HWY_INLINE void at_block(typename B::context const& s, coordinates const& c, Width w) {
    if constexpr (terms_in_lanes && tiles_of_dots)
      rows_of_dots<std::is_same_v<Width, all_lanes> ? lanes::count : extent_of(lane_letter) % lanes::count>(s, c);
    else if constexpr (terms_in_lanes) dots(s, c, w);
    else block(s, c, w);
  }
  static void run(typename B::context const& s) {
    constexpr int q = number_of(lane_letter), extent = extent_of(lane_letter);
    coordinates c{};
    int& at = c.at[q] = C::first(q, s.m);
    const int hi = C::end(q, s.m);
    // Slabs start at whole blocks, so only an extent that is no multiple of them leaves a rest.
    if constexpr (extent >= lanes::count)
      for (; at + lanes::count <= hi; at += lanes::count) at_block(s, c, all_lanes{});
    if constexpr (extent % lanes::count != 0 || C::name_of(lane_letter) != 0)
      if (at < hi) at_block(s, c, some_lanes{hi - at});
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace knit::simd
