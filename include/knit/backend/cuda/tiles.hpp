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
  const double adds = products / 128,
               reads = products * (t.thread_rows + t.thread_columns) / (32 * t.thread_rows * t.thread_columns);
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

/// A tile of a product of so many rows and columns, by fused multiply-adds: a thread has Width rows side by side. What shared
/// memory holds of an operand are entries, each `per_entry` terms of a row or column.
template <class Number, int Rows, int Columns, int Terms, int Width, int Threads, int Blocks> struct fma_tile {
  static constexpr tile_shape shape = choose_tile(Rows, Columns, Terms, Width, Threads, Blocks);
  /// Entries from one term to the next, of so many rows or columns (turned: that are stored as loader::turns says).
  static constexpr int lead(int extent, bool turned) { return turned && extent % 8 == 0 ? extent + 4 : extent; }
  /// Entries side by side that neighbours among threads store, who load so many numbers at once. With those leads, whoever
  /// stores 16 bytes along with seven others then stores to banks of his own.
  static constexpr int beside(int extent, int loaded, bool turned) {
    return !turned ? extent : loaded == 4 && extent % 16 == 0 ? 16 : 1;
  }

  using entry = Number;
  static constexpr int per_entry = 1;
  /// Which entries of a row or column hold a term, and the other way round.
  KNIT_FN static int place_of_term(int term) { return term; }
  KNIT_FN static int term_at(int place) { return place; }
  KNIT_FN static entry entry_of(lane<Number> const (&x)[1]) { return x[0].v; }

  /// What thread number t of a group has: rows from row_of(t) on, and columns column_of(t) + column(0), + column(1), ...
  struct sums {
    lane<Number> at[shape.thread_columns][Width];
  };
  static constexpr int row_threads = shape.rows / Width;
  KNIT_FN static int row_of(int t) { return t % row_threads * Width; }
  KNIT_FN static int column_of(int t) { return t / row_threads % (shape.columns / shape.thread_columns) * shape.thread_columns; }
  static constexpr int column(int j) { return j; }

  /// Adds the products of a group's share of the terms that lie at a and b, with leads LeadA and LeadB.
  template <int LeadA, int LeadB> KNIT_FN static void multiply(entry const* a, entry const* b, int t, sums& s) {
    constexpr int deep = shape.deep / shape.splits, columns = shape.thread_columns;
    a += row_of(t), b += column_of(t);
    for (int k = 0; k < deep; ++k) {
      aligned<Number, Width> const x = *reinterpret_cast<aligned<Number, Width> const*>(a + k * LeadA);
      aligned<Number, columns> const y = *reinterpret_cast<aligned<Number, columns> const*>(b + k * LeadB);
      for (int j = 0; j < columns; ++j)
        for (int i = 0; i < Width; ++i) s.at[j][i] = fma(lane<Number>(x.at[i]), lane<Number>(y.at[j]), s.at[j][i]);
    }
  }
};

/// A contraction with rows and terms (product_of) over one slab. Tile: how the tiles are multiplied, as fma_tile.
template <class P, int S, int Threads, template <class, int, int, int, int, int, int> class Tile = fma_tile> struct product_step {
  using W = walk<P, S>;
  using T = summed<P, S>;
  using number = typename P::number;
  static constexpr int v = T::v, nowhere = T::nowhere;
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

  static constexpr int blocks = shared_by_blocks<P, S> ? for_blocks::multiprocessors : 1;
  using M = Tile<number, extent(row), extent(column), extent(term), W::width, Threads, blocks>;
  using entry = typename M::entry;
  using sums = typename M::sums;
  static constexpr tile_shape tile = M::shape;
  static constexpr int width = W::width < tile.thread_rows ? W::width : tile.thread_rows;  ///< rows that are finished at once
  using B = body<P, S, width>;
  static constexpr int row_tiles = (extent(row) + tile.rows - 1) / tile.rows,
                       column_tiles = (extent(column) + tile.columns - 1) / tile.columns;
  static constexpr int deep_entries = tile.deep / M::per_entry;
  static constexpr int of_sums = tile.splits == 1 ? 0 : Threads * tile.thread_rows * tile.thread_columns;
  static_assert(tile.threads() * tile.splits <= Threads && sizeof(entry) == sizeof(number) && tile.thread_rows % width == 0);
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
  template <bool Summed, int Q = Summed ? contracted_cut : 0>
  KNIT_FN static bool place(memory<P> const& m, long i, coordinates_of& c) {
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

  /// Takes a tile of operand K to shared memory, Along rows or columns by `deep` terms, with neighbours along Along side by side:
  /// first to a thread's registers, so that what comes next is on its way while there are tiles to multiply.
  template <int K, int Along, int Extent> struct loader {
    using R = reader<P, T::template operand<K>>;
    static constexpr char along_letter = Along == row ? letters.rows : letters.columns;
    static constexpr int along_axis = along_letter ? axis_of_letter(info, K, along_letter) : no_axis,
                         term_axis = axis_of_letter(info, K, letters.terms);
    template <int Width> static constexpr bool lies(int axis, int q, int tile_extent) {
      return axis != no_axis && R::template side_by_side<Width>(axis) &&
             (Width == 1 ||
              (extent(q) % Width == 0 && name(q) == 0 && tile_extent % Width == 0 && (!cut(q) || of.granule % Width == 0)));
    }
    static constexpr bool along_in_fours = lies<4>(along_axis, Along, Extent), terms_in_fours = lies<4>(term_axis, term, tile.deep);
    /// What lies side by side is loaded by neighbours; if that is along the terms, a thread turns a few of them.
    static constexpr bool turns =
        !along_in_fours && (terms_in_fours || (!lies<1>(along_axis, Along, Extent) && lies<1>(term_axis, term, tile.deep)));
    static constexpr int unit = along_in_fours || terms_in_fours ? 4 : 1, axis = turns ? term_axis : along_axis;
    static constexpr int across = turns && Extent % 4 == 0 ? 4 : 1;
    /// A thread takes units of so many rows or columns by so many terms, an entry's at least, in `loads` of `unit` numbers.
    static constexpr int unit_along = turns ? across : unit, unit_terms = !turns || unit < M::per_entry ? M::per_entry : unit;
    static constexpr int along_units = Extent / unit_along, term_units = tile.deep / unit_terms;
    static constexpr int step_terms = turns ? unit : 1, loads_terms = unit_terms / step_terms, loads = across * loads_terms;
    /// Neighbours take so many units along Along, then those of so many units of terms, then what is beside them.
    static constexpr int beside = (M::beside(Extent, unit, turns) + unit_along - 1) / unit_along,
                         behind = turns || beside == along_units ? term_units : 4;
    static constexpr int lead = M::lead(Extent, turns);
    static constexpr int units = along_units * term_units, rounds = (units + Threads - 1) / Threads;
    static_assert(unit_along * along_units == Extent && unit_terms * term_units == tile.deep && unit_terms % M::per_entry == 0 &&
                  along_units % beside == 0 && term_units % behind == 0);
    static constexpr bool all(int q, int tile_extent) { return bound(q) % tile_extent == 0 && name(q) == 0 && !cut(q); }

    struct held {
      pack<number, unit> at[rounds][loads_terms][across];
    };
    KNIT_FN static int along_of(int i) {
      return (i % beside + i / (beside * behind) % (along_units / beside) * beside) * unit_along;
    }
    KNIT_FN static int term_of(int i) {
      const int n = i / beside % behind + (behind == term_units ? 0 : i / (along_units * behind) * behind);
      return unit_terms == M::per_entry ? M::term_at(n) : n * unit_terms;
    }

    KNIT_FN static void fetch(memory<P> const& m, held& h, coordinates_of c, int along0, int term0, int t) {
      for (int r = 0; r < rounds; ++r)
        for (int j = 0; j < loads_terms; ++j)
          for (int a = 0; a < across; ++a) {
            const int i = t + r * Threads;
            c.at[Along] = along0 + along_of(i) + a;
            c.at[term] = term0 + term_of(i) + j * step_terms;
            pack<number, unit>& x = h.at[r][j][a];
            for (int k = 0; k < unit; ++k) x.at[k] = number(0);
            if ((units % Threads == 0 || i < units) && (all(Along, Extent) || c.at[Along] < end<Along>(m)) &&
                (all(term, tile.deep) || c.at[term] < end<term>(m))) {
              position p{};
              if (!find<K>(c, p)) continue;
              if constexpr (unit == 4) x = R::template along<axis, 4>(m, p, 4);
              else x.at[0] = R::one(m, p);
            }
          }
    }
    KNIT_FN static void put(held const& h, entry* to, int t) {
      constexpr int per_entry = M::per_entry;
      for (int r = 0; r < rounds; ++r) {
        const int i = t + r * Threads;
        if (units % Threads != 0 && i >= units) return;
        for (int k = 0; k < unit_terms; k += per_entry) {
          aligned<entry, unit_along> y;
          for (int a = 0; a < unit_along; ++a) {
            lane<number> terms[per_entry];
            for (int j = 0; j < per_entry; ++j) {
              const int of_term = k + j;
              terms[j] = turns ? h.at[r][of_term / step_terms][turns ? a : 0].at[of_term % step_terms]
                               : h.at[r][of_term / step_terms][0].at[turns ? 0 : a];
            }
            y.at[a] = M::entry_of(terms);
          }
          to_shared(to + M::place_of_term(term_of(i) + k) * lead + along_of(i), y);
        }
      }
    }
  };
  using load_a = loader<letters.side, row, tile.rows>;
  using load_b = loader<1 - letters.side, column, tile.columns>;
  static constexpr int lead_a = load_a::lead, lead_b = load_b::lead;
  static constexpr int of_a = (deep_entries * lead_a + 3) / 4 * 4,
                       of_tiles = of_a + deep_entries * lead_b;  // both aligned to 16 bytes
  static constexpr int shared_numbers = of_tiles > of_sums ? of_tiles : of_sums;

  KNIT_FN static int part_of(int t) { return t / tile.threads(); }  ///< which of the splits a thread is in

  /// Of what a thread has of a tile, a few rows of a column: written, with the values of the step that follow on them.
  template <int Nth> KNIT_FN static void finish(memory<P> const& m, sums const& s, coordinates_of at, int row0, int column0) {
    constexpr int in_column = tile.thread_rows / width, j = Nth / in_column, i0 = Nth % in_column * width;
    typename B::state e;
    at.at[row] = row0 + i0;
    at.at[column] = column0 + M::column(j);
    const int left = end<row>(m) - at.at[row];
    e.here = at.at[column] < end<column>(m) ? left < width ? left : width : 0;
    if (e.here <= 0) return;
    for (int q = 0; q < max_rank; ++q) e.at.at[q] = at.at[q];
    for (int i = 0; i < width; ++i) e.value[0].at[i] = s.at[j][i0 + i];
    B::template epilogue<v>(m, e);
  }
  // Not a loop: what a compiler does not unroll it would index, in memory.
  template <int... Nth> KNIT_FN static void finish(memory<P> const& m, sums const& s, coordinates_of const& at, int row0,
                                                   int column0, std::integer_sequence<int, Nth...>) {
    (finish<Nth>(m, s, at, row0, column0), ...);
  }

  template <class C> KNIT_FN static void run(C const& c, number* shared, memory<P> const& m, int share, int shares) {
    typename C::template per_thread<sums> s;
    typename C::template per_thread<typename load_a::held> of_rows;
    typename C::template per_thread<typename load_b::held> of_columns;
    entry *const a = reinterpret_cast<entry*>(shared), *const b = a + of_a;
    for (long round = share; round < rounds; round += shares) {
      coordinates_of at{};
      const int row0 = begin<row>(m) + int(round % row_tiles) * tile.rows,
                column0 = begin<column>(m) + int(round / row_tiles % column_tiles) * tile.columns;
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
            constexpr int deep = deep_entries / tile.splits;
            if (part_of(t) < tile.splits)
              M::template multiply<lead_a, lead_b>(a + part_of(t) * deep * lead_a, b + part_of(t) * deep * lead_b, t, s[t]);
          });
        }
      }
      if constexpr (tile.splits > 1) {  // the first group adds up what the others have, in order
        constexpr int group = tile.threads(), rows = tile.thread_rows;
        c.each([&](int t) {
          if (part_of(t) == 0 || part_of(t) >= tile.splits) return;
          for (int j = 0; j < tile.thread_columns; ++j)
            for (int i = 0; i < rows; ++i) shared[(j * rows + i) * Threads + t] = s[t].at[j][i].v;
        });
        c.each([&](int t) {
          if (part_of(t) != 0) return;
          for (int j = 0; j < tile.thread_columns; ++j)
            for (int i = 0; i < rows; ++i)
              for (int k = 1; k < tile.splits; ++k)
                s[t].at[j][i] = s[t].at[j][i] + lane<number>(shared[(j * rows + i) * Threads + k * group + t]);
        });
      }
      c.each_own([&](int t) {
        if (part_of(t) == 0)
          finish(m, s[t], at, row0 + M::row_of(t), column0 + M::column_of(t),
                 std::make_integer_sequence<int, tile.thread_columns * tile.thread_rows / width>{});
      });
    }
    c.each([](int) {});
  }
};

/// Is a contraction large enough for tiles?
template <class P, int S> constexpr bool in_tiles() {
  constexpr product_letters l = product_of(P::graph, summed<P, S>::v, P::template step_at<S>.lane);
  if constexpr (!l.rows || !l.terms) return false;
  else {
    using Q = product_step<P, S, 256>;
    return Q::extent(Q::term) >= 4 && long(Q::extent(Q::row)) * Q::extent(Q::column) * Q::extent(Q::term) >= 2048;
  }
}

}  // namespace knit::cuda
