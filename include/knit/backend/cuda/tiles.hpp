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
/// Cycles of a multiprocessor for one tile, roughly, to compare shapes: 128 multiply-adds in each, 32 numbers from shared memory,
/// 32 elements of the operands on their way there; what a thread waits for at each term, at the barriers around `deep` of them,
/// for memory, and at the end.
constexpr double cycles(tile_shape t, int terms) {
  const int chunks = (terms + t.deep - 1) / t.deep;
  const double products = double(t.rows) * t.columns * t.deep, operands = double(t.rows + t.columns) * t.deep;
  const double adds = products / 128, reads = products * (t.thread_rows + t.thread_columns) / (32 * t.thread_rows * t.thread_columns);
  const double chunk = (adds > reads ? adds : reads) + operands / 32 + 4.0 * t.deep / t.splits + 60, memory = 400;
  const double sums = t.splits > 1 ? 100 + t.rows * t.columns * t.splits / 16.0 : 0;
  return chunks * (chunk > memory ? chunk : memory) + sums + 500;
}
/// The tiles that take the fewest cycles, what of them is not there included, and the fewest of all multiprocessors, which may
/// have other things to do. blocks: so many have a tile at once.
constexpr tile_shape choose_tile(int rows, int columns, int terms, int thread_rows, int threads, int blocks) {
  constexpr int most = 256, held = 16;  // rows or columns; numbers that a thread loads at once
  const int thread_columns = columns < 4 ? power_above(columns) : 4;
  auto up = [](int n, int by) { return (n + by - 1) / by * by; };
  tile_shape best{};
  double least = 0;
  for (int r = thread_rows; r <= most; r = r < rows && rows < 2 * r ? up(rows, thread_rows) : power_above(r + 1))
    for (int c = thread_columns; c <= most; c *= 2) {
      const int of_tile = tile_shape{r, c, thread_rows, thread_columns, 1, 1}.threads();
      const long tiles = long((rows + r - 1) / r) * ((columns + c - 1) / c), rounds = (tiles + blocks - 1) / blocks;
      for (int splits = 1; splits * of_tile <= threads && splits <= 16; ++splits)
        for (int each = 1; each <= 16 && (r + c) * splits * each <= held * threads; ++each) {
          const tile_shape t{r, c, thread_rows, thread_columns, splits, splits * each};
          if (t.deep % 4 != 0 && terms % 4 == 0) continue;  // fours of terms may lie side by side
          const double time = (double(rounds) + double(tiles) / for_blocks::multiprocessors) * cycles(t, terms);
          if (least == 0 || time < least) best = t, least = time;
        }
    }
  return best;
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

  static constexpr tile_shape tile =
      choose_tile(extent(row), extent(column), extent(term), width, Threads, shared_by_blocks<P, S> ? for_blocks::multiprocessors : 1);
  static constexpr int row_tiles = (extent(row) + tile.rows - 1) / tile.rows, column_tiles = (extent(column) + tile.columns - 1) / tile.columns;
  static constexpr int row_threads = tile.rows / width, column_threads = tile.columns / tile.thread_columns;
  static constexpr int of_sums = tile.splits > 1 ? Threads * width * tile.thread_columns : 0;
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
  template <int K, int Axis = 0> KNIT_FN static void find(coordinates_of const& c, position& p) {
    if constexpr (Axis < max_rank && info.labels[K][Axis < max_rank ? Axis : 0] != '\0') {
      constexpr int q = number_of(info.labels[K][Axis]);
      constexpr bool repeated = P::template extents<T::template operand<K>>.extent[Axis] == 1;
      p.at[Axis] = repeated ? 0 : c.at[q];
      find<K, Axis + 1>(c, p);
    }
  }

  /// Takes a tile of operand K to shared memory, Along rows or columns by `deep` terms, with neighbours along Along side by side:
  /// first to a thread's registers, so that what comes next is on its way while there are tiles to multiply.
  template <int K, int Along, int Extent> struct loader {
    using R = reader<P, T::template operand<K>>;
    static constexpr char along_letter = Along == row ? letters.rows : letters.columns;
    static constexpr int along_axis = along_letter ? axis_of_letter(info, K, along_letter) : no_axis, term_axis = axis_of_letter(info, K, letters.terms);
    template <int Width> static constexpr bool lies(int axis, int q, int tile_extent) {
      return axis != no_axis && R::template side_by_side<Width>(axis) &&
             (Width == 1 || (extent(q) % Width == 0 && name(q) == 0 && tile_extent % Width == 0 && (!cut(q) || of.granule % Width == 0)));
    }
    static constexpr bool along_in_fours = lies<4>(along_axis, Along, Extent), terms_in_fours = lies<4>(term_axis, term, tile.deep);
    /// What lies side by side is loaded by neighbours; if that is along the terms, a thread turns a few of them.
    static constexpr bool turns = !along_in_fours && (terms_in_fours || (!lies<1>(along_axis, Along, Extent) && lies<1>(term_axis, term, tile.deep)));
    static constexpr int unit = along_in_fours || terms_in_fours ? 4 : 1, axis = turns ? term_axis : along_axis;
    static constexpr int across = turns && Extent % 4 == 0 ? 4 : 1;
    static constexpr int along_units = Extent / (turns ? across : unit), term_units = tile.deep / (turns ? unit : 1);
    /// Neighbours of so many units along Along; eight threads that store 16 bytes each then store to different banks.
    static constexpr int near = !turns ? along_units : unit == 4 && along_units % 4 == 0 ? 4 : 1;
    static constexpr int lead = turns && Extent % 8 == 0 ? Extent + 4 : Extent;
    static constexpr int units = along_units * term_units, rounds = (units + Threads - 1) / Threads;
    static constexpr bool all(int q, int tile_extent) { return bound(q) % tile_extent == 0 && name(q) == 0 && !cut(q); }

    struct held {
      pack<number, unit> at[rounds][across];
    };
    KNIT_FN static int along_of(int i) { return (i % near + i / (near * term_units) * near) * (turns ? across : unit); }
    KNIT_FN static int term_of(int i) { return i / near % term_units * (turns ? unit : 1); }

    KNIT_FN static void fetch(memory<P> const& m, held& h, coordinates_of c, int along0, int term0, int t) {
      for (int r = 0; r < rounds; ++r)
        for (int a = 0; a < across; ++a) {
          const int i = t + r * Threads;
          c.at[Along] = along0 + along_of(i) + a;
          c.at[term] = term0 + term_of(i);
          for (int k = 0; k < unit; ++k) h.at[r][a].at[k] = number(0);
          if ((units % Threads == 0 || i < units) && (all(Along, Extent) || c.at[Along] < end<Along>(m)) && (all(term, tile.deep) || c.at[term] < end<term>(m))) {
            position p{};
            find<K>(c, p);
            if constexpr (unit == 4) h.at[r][a] = R::template along<axis, 4>(m, p, 4);
            else h.at[r][a].at[0] = R::one(m, p);
          }
        }
    }
    KNIT_FN static void put(held const& h, number* to, int t) {
      constexpr int lines = turns ? unit : 1, width = turns ? across : unit;
      for (int r = 0; r < rounds; ++r) {
        const int i = t + r * Threads;
        if (units % Threads != 0 && i >= units) return;
        for (int k = 0; k < lines; ++k) {
          aligned<number, width> y;
          for (int a = 0; a < width; ++a) y.at[a] = (turns ? h.at[r][turns ? a : 0].at[k] : h.at[r][0].at[turns ? 0 : a]).v;
          to_shared(to + (term_of(i) + k) * lead + along_of(i), y);
        }
      }
    }
  };
  using load_a = loader<letters.side, row, tile.rows>;
  using load_b = loader<1 - letters.side, column, tile.columns>;
  static constexpr int lead_a = load_a::lead, lead_b = load_b::lead;
  static constexpr int of_a = (tile.deep * lead_a + 3) / 4 * 4, of_tiles = of_a + tile.deep * lead_b;
  static constexpr int shared_numbers = of_tiles > of_sums ? of_tiles : of_sums;

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
    typename C::template per_thread<typename load_a::held> of_rows;
    typename C::template per_thread<typename load_b::held> of_columns;
    number *const a = shared, *const b = shared + of_a;
    for (long round = share; round < rounds; round += shares) {
      coordinates_of at{};
      const int row0 = begin<row>(m) + int(round % row_tiles) * tile.rows, column0 = begin<column>(m) + int(round / row_tiles % column_tiles) * tile.columns;
      if (!place<false>(m, round / (row_tiles * column_tiles), at) || row0 >= end<row>(m) || column0 >= end<column>(m)) continue;
      c.each_own([&](int t) { s[t] = sums{}; });
      for (long o = 0; o < others<true>(); ++o) {
        if (!place<true>(m, o, at)) continue;
        auto fetch = [&](int k) {
          c.each_own([&](int t) {
            load_a::fetch(m, of_rows[t], at, row0, k, t);
            load_b::fetch(m, of_columns[t], at, column0, k, t);
          });
        };
        const int term_end = end<term>(m);
        fetch(begin<term>(m));
        for (int k = begin<term>(m); k < term_end; k += tile.deep) {
          c.each([&](int t) {
            load_a::put(of_rows[t], a, t);
            load_b::put(of_columns[t], b, t);
          });
          if (k + tile.deep < term_end) fetch(k + tile.deep);
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
