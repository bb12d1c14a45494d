// SPDX-License-Identifier: BSL-1.0
// slide.hpp -- in: a contraction whose operand 1 slides along its terms: a filter's gradient. out: the same, terms in lanes.
#pragma once
#include <knit/backend/contraction.hpp>
#include <knit_kernels/simd/gemm.hpp>

namespace knit::simd {
inline namespace HWY_NAMESPACE {

/// f(i, j, c, o) = sum over w, h, n of y(w, h, o, n) x(i + by w - padding, j + by h - padding, c, n). Lanes lie along w, where
/// y and x lie side by side, so nothing is packed: a tile is all i by a few o, a row of y for each o serves all i, and a row of
/// x, read once for each i, all o.
template <class P, int S> struct sliding_sums : contraction<P, S> {
  using C = contraction<P, S>;
  using typename C::B, typename C::number, typename C::lanes, typename C::memory;
  using C::info, C::first, C::end;
  using Y = typename C::template operand<0>;
  using X = typename C::template operand<1>;
  // Letters by number.
  static constexpr int j = 1, c = 2, o = 3, h = contracted_cut + 1, n = contracted_cut + 3;
  static constexpr int width = C::shape_of(2).extent[0], height = C::shape_of(2).extent[1], W = C::shape_of(0).extent[0];
  static constexpr shape image = C::shape_of(1);
  static constexpr sliding along_w = info.slide[0], along_h = info.slide[1];

  template <class R> static constexpr bool beside() {
    if constexpr (R::sampled || R::panels || R::what == role::constant || R::what == role::inlined) return false;
    else
      return std::is_same_v<decltype(R::data(std::declval<memory const&>())), number const*> && R::place.parts <= 1 &&
             R::stride(0) == 1;
  }
  static constexpr int most_i = 7;
  static constexpr bool suits = [] {
    for (int q = 0; q < sliding_axes; ++q)
      if (!info.slides || info.slide[q].by != 1 || info.slide[q].divisor != 1) return false;
    const bool letters =
        C::letter_of(o) == info.labels[0][2] && C::letter_of(c) == info.labels[1][2] && info.labels[0][3] == info.labels[1][3];
    return letters && width > 1 && width <= most_i && width < W && beside<X>() && beside<Y>();
  }();

  /// Sums at once: so many registers, and what they are made of, there are.
  static constexpr int most_sums = register_count >= 32 ? 25 : 12;
  static constexpr int widest = most_sums / width < 1 ? 1 : most_sums / width < 8 ? most_sums / width : 8;
  static constexpr int blocks = (W + lanes::count - 1) / lanes::count;

  /// Lanes of x from w = Block * lanes on, slid by Slid, of the row that begins at `row`.
  template <int Block, int Slid> static HWY_INLINE lanes of_image(number const* row) {
    constexpr int step = along_w.by_term, from = along_w.numerator(Slid, Block * lanes::count), left = W - Block * lanes::count;
    constexpr int lo = from >= 0 ? 0 : (-from + step - 1) / step, ends = (image.extent[0] - from + step - 1) / step;
    constexpr int most = left < lanes::count ? left : lanes::count, hi = ends < most ? ends : most;
    if constexpr (hi <= lo) return lanes(0);
    else if constexpr (step == 1 && lo == 0 && hi == lanes::count) return load(row + from);
    else if constexpr (step == 1) return load_between(row + from, lo, hi);
    else if constexpr (lo == 0) return gather_n(row + from, step, hi);
    else {
      number x[lanes::count] = {};
      for (int i = lo; i < hi; ++i) x[i] = row[from + step * i];
      return load(x);
    }
  }
  template <int Block> static HWY_INLINE lanes of_result(number const* row) {
    constexpr int left = W - Block * lanes::count;
    if constexpr (left >= lanes::count) return in_register(load(row + Block * lanes::count));
    else return load_n(row + Block * lanes::count, left);
  }
  template <int Block, int NJ, int... i, int... k> static HWY_INLINE void add_block(tile<width, NJ, number>& t, number const* x,
                                                                                    number const* y, detail::ints<i...>,
                                                                                    detail::ints<k...>) {
    const lanes column[width] = {of_image<Block, i>(x)...};
    (detail::axpy(t.acc[k], column, of_result<Block>(y + k * Y::stride(2)), detail::first<width>), ...);
  }
  template <int NJ, int... block>
  static HWY_INLINE void add_row(tile<width, NJ, number>& t, number const* x, number const* y, detail::ints<block...>) {
    (add_block<block>(t, x, y, detail::first<width>, detail::first<NJ>), ...);
  }
  template <int NJ, int... v> static HWY_INLINE void flat(tile<width, NJ, number> const& t, lanes* to, detail::ints<v...>) {
    ((to[v] = t.acc[v / width][v % width]), ...);
  }

  /// Numbers that the sums of a tile take, a group of as many as there are lanes after the other.
  template <int NJ> static constexpr int groups = (width * NJ + lanes::count - 1) / lanes::count;
  /// Adds to `to` the sums over w and h for one (j, c, n) and NJ of o.
  template <int NJ> [[gnu::noinline]] static void add_sums(number* to, number const* x, number const* y, int rows) {
    tile<width, NJ, number> t;
    clear(t);
    for (int r = 0; r < rows; ++r, x += along_h.by_term * X::stride(1), y += Y::stride(1)) add_row(t, x, y, detail::first<blocks>);
    lanes all[groups<NJ> * lanes::count];
    for (lanes& a : all) a = lanes(0);
    flat(t, all, detail::first<width * NJ>);
    for (int k = 0; k < groups<NJ>; ++k, to += lanes::count)
      store(to, load(to) + reduce_add_each(reinterpret_cast<lanes const(&)[lanes::count]>(all[k * lanes::count])));
  }

  /// NJ filters from o0 on, a few channels at a time: what is added up for those fits the first cache, with the rows of y.
  template <int NJ> static void filters(typename B::context const& s, int o0) {
    memory const& m = s.m;
    constexpr int numbers = groups<NJ> * lanes::count, most = longest_packed / 2 / (height * numbers),
                  channels = most < 1 ? 1 : most;
    alignas(64) number sums[channels * height * numbers];
    for (int c0 = first(c, m); c0 < end(c, m); c0 += channels) {
      const int c1 = c0 + channels < end(c, m) ? c0 + channels : end(c, m);
      std::fill_n(sums, (c1 - c0) * height * numbers, number(0));
      for (int i = first(n, m); i < end(n, m); ++i)
        for (int ch = c0; ch < c1; ++ch)
          for (int q = first(j, m); q < end(j, m); ++q) {
            const int before = -along_h.numerator(q, 0), by = along_h.by_term;  // rows of x above its first
            const int lo = before > 0 ? (before + by - 1) / by : 0, inside = (image.extent[1] + before + by - 1) / by;
            const int hi = inside < end(h, m) ? inside : end(h, m);
            if (lo >= hi) continue;
            number const* const x = X::data(m) + X::offset(m, position{{0, by * lo - before, ch, i}});
            number const* const y = Y::data(m) + Y::offset(m, position{{0, lo, o0, i}});
            add_sums<NJ>(sums + ((ch - c0) * height + q) * numbers, x, y, hi - lo);
          }
      for (int k = 0; k < NJ; ++k)
        for (int ch = c0; ch < c1; ++ch)
          for (int q = first(j, m); q < end(j, m); ++q) {
            typename B::state e(s);
            e.value[0][0] = load_n(sums + ((ch - c0) * height + q) * numbers + k * width, width);
            C::epilogue(e, position{{0, q, ch, o0 + k}}, some_lanes{width});
          }
    }
  }
  template <int NJ = widest> static HWY_INLINE void dispatch(typename B::context const& s, int o0, int many) {
    if constexpr (NJ > 0) {
      if constexpr (C::occurs(o, widest, NJ))
        if (many == NJ) return filters<NJ>(s, o0);
      dispatch<NJ - 1>(s, o0, many);
    }
  }
  static void run(typename B::context const& s) {
    const int lo = first(o, s.m), all = end(o, s.m) - lo, tiles = (all + widest - 1) / widest;
    for (int t = 0; t < tiles; ++t) dispatch(s, lo + all * t / tiles, all * (t + 1) / tiles - all * t / tiles);
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace knit::simd
