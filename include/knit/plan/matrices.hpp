// SPDX-License-Identifier: BSL-1.0
// matrices.hpp -- in: where arrays lie. out: a contraction as a product of matrices in memory, as a library's routine takes it.
#pragma once
#include <knit/core/tensor.hpp>
#include <knit/plan/plan.hpp>

namespace knit {

/// Distances in memory of neighbours along each axis of a stored value.
struct strides {
  long along[max_rank];

  /// Between the first element and that at the coordinates. Written out: a loop of four would be made vectors.
  constexpr long to(int const* at) const { return at[0] * along[0] + at[1] * along[1] + at[2] * along[2] + at[3] * along[3]; }
};
/// Numbers lie side by side along one axis, those along the next `leading` apart, and so on, the other axes in order.
constexpr strides strides_of(shape s, int leading, int beside = 0) {
  strides by{};
  long apart = leading;
  for (int q = 0; q < max_rank; ++q) {
    by.along[q] = q == beside ? 1 : apart;
    if (q != beside) apart *= s.extent[q];
  }
  return by;
}
/// The same, but 0 along axes of extent 1: coordinates along those do not count.
constexpr strides strides_within(shape s, int leading, int beside = 0) {
  strides by = strides_of(s, leading, beside);
  for (int q = 0; q < max_rank; ++q)
    if (s.extent[q] == 1) by.along[q] = 0;
  return by;
}

/// Distance of the columns of a stored value: whole vectors, of floats and of doubles, and never a multiple of a
/// kilobyte, which would put all columns on a few cache sets.
constexpr int leading_of(shape s, int beside = 0) {
  if (s.extent[beside] == 1 || s.size() == s.extent[beside]) return s.extent[beside];
  const int l = (s.extent[beside] + 15) / 16 * 16;
  return l % 64 == 0 ? l + 16 : l;
}

/// An array in memory: plain, with columns so far apart, or in panels.
struct array_place {
  shape extents;
  int leading;
  bool panels;
};
constexpr array_place place_of_leaf(leaf_info const& f) { return {f.extents, f.extents.extent[0], f.lies.panels}; }
constexpr array_place place_of_stored(shape s) { return {s, leading_of(s), false}; }

/// Does base value u lie in memory as numbers of the program, if it is stored, and with extents that are known?
constexpr bool are_numbers(flat_graph const& g, int u) {
  if (g.is_constant(u) || g.extents[u].named()) return false;
  return !g.is_leaf(u) || g.leaves[field(g.at[u], 0)].holds == g.number;
}
constexpr array_place place_of(flat_graph const& g, int u) {
  return g.is_leaf(u) ? place_of_leaf(g.leaves[field(g.at[u], 0)]) : place_of_stored(g.extents[u]);
}

/// Where the operands of a contraction and its result lie.
struct contraction_places {
  array_place at[3];
};
/// Those that a plan will give them, unless it has a reason for others.
constexpr contraction_places places_of(flat_graph const& g, int v) {
  return {place_of(g, g.read(v, 0).node), place_of(g, g.read(v, 1).node), place_of_stored(g.extents[v])};
}

/// How an axis of an array lies: neighbours so far apart (0: it has no such axis, or there are gaps that no routine knows), or,
/// where it is that of panels, those of one panel, and panels so far apart.
struct axis_place {
  long apart;
  long panels_apart;  ///< 0: it is in no panels
};
constexpr axis_place along(array_place const& a, int axis) {
  if (axis == no_axis) return {0, 0};
  if (!a.panels) return {strides_of(a.extents, a.leading).along[axis], 0};
  const int rows = a.extents.extent[0];
  if (rows > panel_rows && rows % panel_rows != 0) return {0, 0};  // the last panel is narrower
  if (axis == 1) return {layout::panel_width(rows, 0), 0};
  return {1, rows > panel_rows ? long(panel_rows) * a.extents.extent[1] : 0};
}

/// One matrix of a product: numbers of a column side by side, columns `leading` apart, those of each product of a batch `next`
/// behind those of the one before.
struct stored_matrix {
  int rows, columns;
  long leading, next;
  bool transposed;  ///< what is multiplied is its transpose
};
/// d = a * b, so often, each d of `rows` x `columns` and a sum of `terms`. No rows: it is no such product.
struct matrix_product {
  int rows, columns, terms, batch;
  stored_matrix a, b, d;
  int a_operand;   ///< of the contraction; b is the other
  long rows_next;  ///< rows from one d of the batch to the next, for what is added to each row
};

/// Contraction v as a product of matrices. Panels are a batch: each panel of rows times all of the other
/// operand. There is none where letters are left over, where an extent is known at run time only, or where an operand is not
/// numbers in memory of which one axis lies side by side, or slides.
constexpr matrix_product matrix_product_of(flat_graph const& g, int v, contraction_places const& lie) {
  constexpr matrix_product nothing{};
  op_info const& f = g.info(v);
  const product_letters l = product_of(g, v, lane_axis_of(g.extents[v]));
  if (f.slides || !l.rows || !l.columns || !l.terms || g.number != element::f32 || g.extents[v].named()) return nothing;
  char batch = '\0';
  enum { rows, columns, terms, others };
  int extent[4] = {1, 1, 1, 1};
  axis_place at[3][4]{};  // of a, b, d
  for (int k = 0; k < 3; ++k) {
    const int u = k < 2 ? g.operand(v, k) : v;
    if (k < 2 && (!are_numbers(g, g.read(u).node) || g.read(u).sampled)) return nothing;
    for (int i = 0; f.labels[k][i]; ++i) {
      const char letter = f.labels[k][i];
      const int n = g.extents[u].extent[i];
      if (n == 1) continue;
      const int which = letter == l.rows ? rows : letter == l.columns ? columns : letter == l.terms ? terms : others;
      if (which == others && ((batch && batch != letter) || axis_of_letter(f, 2, letter) == no_axis)) return nothing;
      if (which == others) batch = letter;
      extent[which] = n;
      at[k == 2 ? 2 : k != l.side][which] = along(lie.at[k], k < 2 ? g.read(u).axis[i] : i);
    }
  }
  auto &a = at[0], &b = at[1], &r = at[2];
  const bool by_rows = a[rows].panels_apart || r[rows].panels_apart, by_columns = b[columns].panels_apart;
  if (a[terms].panels_apart || b[terms].panels_apart || by_rows + by_columns + (batch != '\0') > 1) return nothing;
  long next[3] = {a[others].apart, b[others].apart, r[others].apart};
  if (by_rows || by_columns) {
    const int cut = by_rows ? rows : columns;
    extent[others] = extent[cut] / panel_rows;
    extent[cut] = panel_rows;
    for (int k = 0; k < 3; ++k) next[k] = at[k][cut].panels_apart ? at[k][cut].panels_apart : panel_rows * at[k][cut].apart;
  }
  matrix_product p{extent[rows], extent[columns], extent[terms], extent[others], {}, {}, {}, l.side, by_rows ? panel_rows : 0};
  bool lies = true;
  auto matrix_of = [&](axis_place down, axis_place across, int height, int width, long behind) {
    lies = lies && down.apart > 0 && across.apart > 0 && (down.apart == 1 || across.apart == 1);
    return down.apart == 1 ? stored_matrix{height, width, across.apart, behind, false}
                           : stored_matrix{width, height, down.apart, behind, true};
  };
  p.a = matrix_of(a[rows], a[terms], p.rows, p.terms, next[0]);
  p.b = matrix_of(b[terms], b[columns], p.terms, p.columns, next[1]);
  p.d = matrix_of(r[rows], r[columns], p.rows, p.columns, next[2]);
  return lies && !p.d.transposed ? p : nothing;
}

}  // namespace knit
