// SPDX-License-Identifier: BSL-1.0
// tiles.hpp -- in: a contraction of a plan that is a product of matrices. out: it, tile by tile, by way of shared memory.
#pragma once
#include <knit/backend/cuda/contract.hpp>

namespace knit::cuda {

/// How a block computes a product: tiles of `rows` x `columns`, of which a thread has a few rows by a few columns, `deep`
/// terms at a time, whose sum `splits` groups of threads share.
struct tile_shape {
  int rows, columns, thread_rows, thread_columns, splits, deep;

  constexpr int threads() const { return rows / thread_rows * (columns / thread_columns); }
};
/// The one table of it: tiles as square as the product allows, and terms shared where it is too small for all threads.
constexpr tile_shape choose_tile(int rows, int columns, int terms, int thread_rows, int threads) {
  tile_shape t{power_above(rows), power_above(columns), thread_rows, 4, 1, 16};
  if (t.rows > 64) t.rows = 64;
  if (t.rows < thread_rows) t.rows = thread_rows;
  while (t.columns < t.thread_columns) t.thread_columns /= 2;
  while (t.columns > 16 && t.threads() > threads) t.columns /= 2;
  while (t.threads() > threads) t.rows /= 2;
  while (t.splits * t.threads() < threads && t.splits * 4 < terms && t.splits < 16) t.splits *= 2;
  while (t.deep < 4 * t.splits) t.deep *= 2;
  return t;
}

/// A contraction with rows and terms (product_of) over one slab.
template <class P, int S, int Threads> struct product_step {
  using W = walk<P, S>;
  using T = summed<P, S>;
  using B = body<P, S, W::width>;
  using number = typename P::number;
  static constexpr int v = T::v, width = W::width, nowhere = T::nowhere;
  static constexpr step st = T::st;
  static constexpr region of = T::of;
  static constexpr op_info info = T::info;
  static constexpr product_letters letters = T::letters;
  static constexpr int number_of(char letter) { return T::number_of(letter); }
  static constexpr int row = number_of(letters.rows), column = number_of(letters.columns), term = number_of(letters.terms);
  static constexpr bool cut(int q) { return q != nowhere && q == st.cut && of.extent > 1; }
  static constexpr int bound(int q) { return T::extent_of(T::letter_of(q)); }
  static constexpr long name(int q) { return T::name_of(T::letter_of(q)); }
  static constexpr int extent(int q) { return cut(q) ? of.widest() : bound(q); }
  static constexpr bool is_used(int q) { return q < contracted_cut ? q < T::rank_of(2) : T::is_summed(q - contracted_cut); }

  static constexpr tile_shape tile = choose_tile(extent(row), extent(column), extent(term), width, Threads);
  static constexpr int row_tiles = (extent(row) + tile.rows - 1) / tile.rows, column_tiles = (extent(column) + tile.columns - 1) / tile.columns;
  static constexpr int row_threads = tile.rows / width, column_threads = tile.columns / tile.thread_columns;
  static constexpr int lead_a = tile.rows + 4, lead_b = tile.columns + 4;  // four more: fewer conflicts of banks
  static constexpr int of_tiles = tile.deep * (lead_a + lead_b), of_sums = tile.splits > 1 ? Threads * width * tile.thread_columns : 0;
  static constexpr int shared_numbers = of_tiles > of_sums ? of_tiles : of_sums;
  static_assert(row_threads * column_threads * tile.splits <= Threads);
  /// Positions along all other letters, of the result (Summed: of what is summed over).
  template <bool Summed> static constexpr long others() {
    long n = 1;
    for (int q = Summed ? contracted_cut : 0; q < (Summed ? nowhere : contracted_cut); ++q)
      if (is_used(q) && q != row && q != column && q != term) n *= extent(q);
    return n;
  }
  static constexpr long rounds = others<false>() * row_tiles * column_tiles;

  struct coordinates_of {
    int at[nowhere + 1];
  };
  template <int Q> KNIT_FN static int end(memory<P> const& m) {
    if constexpr (cut(Q)) return m.hi;
    else {
      constexpr int most = bound(Q);
      return extent_now<P, name(Q)>(m, most);
    }
  }
  template <int Q> KNIT_FN static int begin(memory<P> const& m) {
    if constexpr (cut(Q)) return m.lo;
    else return 0;
  }
  /// Coordinates along the other letters; are they there?
  template <bool Summed, int Q = Summed ? contracted_cut : 0> KNIT_FN static bool place(memory<P> const& m, long i, coordinates_of& c) {
    if constexpr (Q == (Summed ? nowhere : contracted_cut)) return true;
    else if constexpr (!is_used(Q) || Q == row || Q == column || Q == term) return place<Summed, Q + 1>(m, i, c);
    else {
      constexpr int n = extent(Q);
      c.at[Q] = begin<Q>(m) + int(i % n);
      return place<Summed, Q + 1>(m, i / n, c) && c.at[Q] < end<Q>(m);
    }
  }
  /// Where operand K is read; is there anything?
  template <int K, int Axis = 0> KNIT_FN static bool find(coordinates_of const& c, position& p) {
    if constexpr (Axis == max_rank || info.labels[K][Axis < max_rank ? Axis : 0] == '\0') return true;
    else if constexpr (T::slides(K) && Axis < sliding_axes) {
      constexpr sliding s = info.slide[Axis];
      constexpr int extent = P::template extents<T::template operand<K>>.extent[Axis];
      const int n = s.numerator(c.at[Axis], c.at[contracted_cut + Axis]);
      p.at[Axis] = n / s.divisor;
      return s.there(n, extent) && find<K, Axis + 1>(c, p);
    } else {
      constexpr int q = number_of(info.labels[K][Axis]);
      constexpr bool repeated = P::template extents<T::template operand<K>>.extent[Axis] == 1;
      p.at[Axis] = repeated ? 0 : c.at[q];
      return find<K, Axis + 1>(c, p);
    }
  }

  /// Loads a tile of operand K: Along rows or columns by `deep` terms, to shared memory with neighbours along Along side by side.
  template <int K, int Along, int Extent, int Lead> struct loader {
    using R = reader<P, T::template operand<K>>;
    static constexpr char along_letter = Along == row ? letters.rows : letters.columns;
    static constexpr int along_axis = along_letter ? axis_of_letter(info, K, along_letter) : no_axis, term_axis = axis_of_letter(info, K, letters.terms);
    static constexpr bool packs(int axis, int q, int tile_extent) {
      return axis != no_axis && R::template side_by_side<4>(axis) && extent(q) % 4 == 0 && name(q) == 0 && tile_extent % 4 == 0 &&
             (!cut(q) || of.granule % 4 == 0);
    }
    static constexpr bool along_first = packs(along_axis, Along, Extent) || !packs(term_axis, term, tile.deep);
    static constexpr int unit = packs(along_axis, Along, Extent) || packs(term_axis, term, tile.deep) ? 4 : 1;
    static constexpr int axis = along_first ? along_axis : term_axis;
    static constexpr int units = Extent * tile.deep / unit, fast = (along_first ? Extent : tile.deep) / unit;

    KNIT_FN static void load(memory<P> const& m, number* to, coordinates_of c, int along0, int term0, int t) {
      const int along_end = end<Along>(m), term_end = end<term>(m);
      for (int i = t; i < units; i += Threads) {
        const int f = i % fast * unit, s = i / fast, along = along_first ? f : s, deep = along_first ? s : f;
        c.at[Along] = along0 + along;
        c.at[term] = term0 + deep;
        const bool here = c.at[Along] < along_end && c.at[term] < term_end;
        if constexpr (unit == 4) {
          pack<number, 4> x;
          for (int k = 0; k < 4; ++k) x.at[k] = number(0);
          position p{};
          if (here && find<K>(c, p)) x = R::template along<axis, 4>(m, p, 4);
          if constexpr (along_first) {
            aligned<number, 4> y;
            for (int k = 0; k < 4; ++k) y.at[k] = x.at[k].v;
            *reinterpret_cast<aligned<number, 4>*>(to + deep * Lead + along) = y;
          } else
            for (int k = 0; k < 4; ++k) to[(deep + k) * Lead + along] = x.at[k].v;
        } else {
          lane<number> x = number(0);
          position p{};
          if (here && find<K>(c, p)) x = R::one(m, p);
          to[deep * Lead + along] = x.v;
        }
      }
    }
  };
  using load_a = loader<letters.side, row, tile.rows, lead_a>;
  using load_b = loader<1 - letters.side, column, tile.columns, lead_b>;

  struct sums {
    lane<number> at[tile.thread_columns][width];
  };
  KNIT_FN static int part_of(int t) { return t / (row_threads * column_threads); }  ///< which of the splits a thread is in
  KNIT_FN static int row_of(int t) { return t % row_threads * width; }
  KNIT_FN static int column_of(int t) { return t / row_threads % column_threads * tile.thread_columns; }

  KNIT_FN static void multiply(number const* a, number const* b, sums& s) {
    constexpr int deep = tile.deep / tile.splits, columns = tile.thread_columns;
    for (int k = 0; k < deep; ++k) {
      aligned<number, width> const x = *reinterpret_cast<aligned<number, width> const*>(a + k * lead_a);
      aligned<number, columns> const y = *reinterpret_cast<aligned<number, columns> const*>(b + k * lead_b);
      for (int j = 0; j < columns; ++j)
        for (int i = 0; i < width; ++i) s.at[j][i] = fma(lane<number>(x.at[i]), lane<number>(y.at[j]), s.at[j][i]);
    }
  }

  /// Column J of what a thread has of a tile: written, with the values of the step that follow on it.
  template <int J> KNIT_FN static void finish(memory<P> const& m, sums const& s, coordinates_of at, int row0, int column0) {
    typename B::state e;
    at.at[row] = row0;
    at.at[column] = column0 + J;
    const int left = end<row>(m) - row0;
    e.here = at.at[column] < end<column>(m) ? left < width ? left : width : 0;
    if (e.here <= 0) return;
    for (int q = 0; q < max_rank; ++q) e.at.at[q] = at.at[q];
    for (int i = 0; i < width; ++i) e.value[0].at[i] = s.at[J][i];
    B::template epilogue<v>(m, e);
  }
  // Not a loop: what a compiler does not unroll it would index, in memory.
  template <int... J> KNIT_FN static void finish(memory<P> const& m, sums const& s, coordinates_of const& at, int row0, int column0, std::integer_sequence<int, J...>) {
    (finish<J>(m, s, at, row0, column0), ...);
  }

  template <class C> KNIT_FN static void run(C const& c, number* shared, memory<P> const& m, int share, int shares) {
    typename C::template per_thread<sums> s;
    number *const a = shared, *const b = shared + tile.deep * lead_a;
    for (long round = share; round < rounds; round += shares) {
      coordinates_of at{};
      const int row0 = begin<row>(m) + int(round % row_tiles) * tile.rows, column0 = begin<column>(m) + int(round / row_tiles % column_tiles) * tile.columns;
      if (!place<false>(m, round / (row_tiles * column_tiles), at) || row0 >= end<row>(m) || column0 >= end<column>(m)) continue;
      c.each_own([&](int t) { s[t] = sums{}; });
      for (long o = 0; o < others<true>(); ++o) {
        if (!place<true>(m, o, at)) continue;
        const int term_end = end<term>(m);
        for (int k = begin<term>(m); k < term_end; k += tile.deep) {
          c.each([&](int t) {
            load_a::load(m, a, at, row0, k, t);
            load_b::load(m, b, at, column0, k, t);
          });
          c.each([&](int t) {
            constexpr int deep = tile.deep / tile.splits;
            if (part_of(t) < tile.splits) multiply(a + part_of(t) * deep * lead_a + row_of(t), b + part_of(t) * deep * lead_b + column_of(t), s[t]);
          });
        }
      }
      if constexpr (tile.splits > 1) {  // the first group adds up what the others have, in order
        constexpr int group = row_threads * column_threads;
        c.each([&](int t) {
          if (part_of(t) == 0 || part_of(t) >= tile.splits) return;
          for (int j = 0; j < tile.thread_columns; ++j)
            for (int i = 0; i < width; ++i) shared[(j * width + i) * Threads + t] = s[t].at[j][i].v;
        });
        c.each([&](int t) {
          if (part_of(t) != 0) return;
          for (int j = 0; j < tile.thread_columns; ++j)
            for (int i = 0; i < width; ++i)
              for (int k = 1; k < tile.splits; ++k) s[t].at[j][i] = s[t].at[j][i] + lane<number>(shared[(j * width + i) * Threads + k * group + t]);
        });
      }
      c.each_own([&](int t) {
        if (part_of(t) == 0) finish(m, s[t], at, row0 + row_of(t), column0 + column_of(t), std::make_integer_sequence<int, tile.thread_columns>{});
      });
    }
    c.each([](int) {});
  }
};

/// Is a contraction large enough for tiles?
template <class P, int S> constexpr bool in_tiles() {
  constexpr product_letters l = product_of(P::graph, summed<P, S>::v);
  if constexpr (!l.rows || !l.terms) return false;
  else {
    using Q = product_step<P, S, 256>;
    return Q::extent(Q::term) >= 4 && long(Q::extent(Q::row)) * Q::extent(Q::column) * Q::extent(Q::term) >= 2048;
  }
}

}  // namespace knit::cuda
