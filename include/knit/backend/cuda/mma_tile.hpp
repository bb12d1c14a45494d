// SPDX-License-Identifier: BSL-1.0
// mma_tile.hpp -- in: the extents of a product. out: how a block computes it with tensor cores: from operands rounded to bf16.
#pragma once
#include <knit/backend/cuda/tiles.hpp>
#include <knit_kernels/cuda/mma.hpp>

namespace knit::cuda {

/// As choose_tile, in whole warps, each of 16 or 32 rows by as many columns as keep all of them busy; terms enough for a thread to
/// load 16 numbers or more from barrier to barrier. Tiles are as large as leaves one for each of so many blocks.
constexpr tile_shape choose_mma_tile(int rows, int columns, int terms, int threads, int blocks) {
  tile_shape t{power_above(rows), power_above(columns), rows <= 16 ? 2 : 4, 2, 1, mma_terms};
  t.rows = t.rows < 16 ? 16 : t.rows > 64 ? 64 : t.rows;
  t.columns = t.columns < mma_columns ? mma_columns : t.columns > 64 ? 64 : t.columns;
  for (tile_shape next = t;; t = next) {  // of a warp's rows at least
    int& side = next.rows > next.columns && next.rows > 8 * t.thread_rows ? next.rows : next.columns;
    side /= 2;
    const int tiles = ((rows - 1) / next.rows + 1) * ((columns - 1) / next.columns + 1);
    if (next.columns < mma_columns || tiles > blocks) break;
  }
  while (t.threads() > threads) t.thread_columns *= 2;
  while (2 * t.splits * t.threads() <= threads && t.splits * mma_terms < terms) t.splits *= 2;
  while (t.deep < mma_terms * t.splits || (t.deep < terms && (t.rows + t.columns) * t.deep < 16 * threads)) t.deep *= 2;
  return t;
}

/// What fma_tile is for multiply-adds of float. Shared memory holds pairs of terms, rounded as they are put there; sums,
/// and all that follows on them, are float.
template <class Number, int Rows, int Columns, int Terms, int Width, int Threads, int Blocks> struct mma_tile {
  static_assert(std::is_same_v<Number, float>);
  static constexpr tile_shape shape = choose_mma_tile(Rows, Columns, Terms, Threads, Blocks);
  static constexpr int thread_rows = shape.thread_rows, tiles = shape.thread_columns / 2;
  static constexpr int warp_rows = 8 * thread_rows, warp_columns = tiles * mma_columns, row_warps = shape.rows / warp_rows;
  static constexpr int lead(int extent, bool) { return extent % 32 == 8 ? extent : extent + 8; }  // what mma asks for
  /// Eight entries of four neighbouring pairs, or 32 of one, are all banks.
  static constexpr int beside(int extent, int, bool turned) { return turned || extent % 32 != 0 ? 8 : extent; }
  static_assert(shape.threads() % 32 == 0 && shape.deep % (shape.splits * mma_terms) == 0);

  using entry = bf16_pair;
  static constexpr int per_entry = 2;  ///< terms
  /// Of the eight pairs of an instruction the even ones come first: a thread that has loaded four terms stores one of each half,
  /// and its neighbours in terms store beside it. Any order will do, as a and b are stored in the same.
  KNIT_FN static int place_of_term(int term) { return term / 16 * 8 + term / 2 % 2 * 4 + term / 4 % 4; }
  KNIT_FN static int term_at(int place) { return place / 8 * 16 + place % 4 * 4 + place / 4 % 2 * 2; }
  KNIT_FN static entry entry_of(lane<float> const (&x)[2]) { return round_to_bf16(x[0].v, x[1].v); }

  struct sums {
    lane<float> at[shape.thread_columns][thread_rows];
  };
  KNIT_FN static int warp_row(int t) { return t / 32 % row_warps * warp_rows; }
  KNIT_FN static int warp_column(int t) { return t % shape.threads() / 32 / row_warps * warp_columns; }
  KNIT_FN static int row_of(int t) { return warp_row(t) + t % 32 / 4 * thread_rows; }
  KNIT_FN static int column_of(int t) { return warp_column(t) + t % 4 * 2; }
  static constexpr int column(int j) { return j / 2 * mma_columns + j % 2; }

  template <int LeadA, int LeadB> KNIT_FN static void multiply(entry const* a, entry const* b, int t, sums& s) {
    for (int k = 0; k < shape.deep / shape.splits; k += mma_terms)
      mma<LeadA, LeadB, thread_rows, tiles>(a + k / 2 * LeadA + warp_row(t), b + k / 2 * LeadB + warp_column(t), t % 32, s.at);
  }
};

}  // namespace knit::cuda
