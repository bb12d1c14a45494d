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
constexpr strides strides_of(shape s, int leading) {
  return {{1, leading, long(leading) * s.extent[1], long(leading) * s.extent[1] * s.extent[2]}};
}
/// The same, but 0 along axes of extent 1: coordinates along those do not count.
constexpr strides strides_within(shape s, int leading) {
  strides by = strides_of(s, leading);
  for (int q = 0; q < max_rank; ++q)
    if (s.extent[q] == 1) by.along[q] = 0;
  return by;
}

/// Distance of the columns of a stored value: whole vectors, of floats and of doubles, and never a multiple of a
/// kilobyte, which would put all columns on a few cache sets.
constexpr int leading_of(shape s) {
  if (s.extent[0] == 1 || s.size() == s.extent[0]) return s.extent[0];
  const int l = (s.extent[0] + 15) / 16 * 16;
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
struct matrix {
  int rows, columns;
  long leading, next;
  bool transposed;  ///< what is multiplied is its transpose
};
/// d = a * b, so often, each d of `rows` x `columns` and a sum of `terms`. No rows: it is no such product.
struct matrix_product {
  int rows, columns, terms, batch;
  matrix a, b, d;
  int a_operand;   ///< of the contraction; b is the other
  long rows_next;  ///< rows from one d of the batch to the next, for what is added to each row
};

/// Contraction v as a product of matrices, its result at d. Panels are a batch: each panel of rows times all of the other
/// operand. There is none where letters are left over, where an extent is known at run time only, or where an operand is not
/// numbers in memory of which one axis lies side by side.
constexpr matrix_product matrix_product_of(flat_graph const& g, int v, array_place const& d) {
  constexpr matrix_product none{};
  op_info const& f = g.info(v);
  const product_letters l = product_of(g, v);
  if (!l.rows || !l.columns || !l.terms || g.number != element::f32 || g.extents[v].named()) return none;
  char batch = '\0';
  int extent_of_rows = 1, extent_of_columns = 1, extent_of_terms = 1, extent_of_batch = 1;
  axis_place at[3][4]{};  // of a, b, d; along rows, columns, terms, batch
  for (int k = 0; k < 3; ++k) {
    const int u = k < 2 ? g.operand(v, k) : v;
    const access whole = k < 2 ? g.read(v, k) : access{v, {0, 1, 2, 3}};
    const bool leaf = k < 2 && g.is_leaf(whole.node);
    if (k < 2 && (g.extents[u].named() || g.is_constant(whole.node))) return none;
    if (leaf && g.leaves[field(g.at[whole.node], 0)].holds != g.number) return none;
    const array_place place = k == 2 ? d : leaf ? place_of_leaf(g.leaves[field(g.at[whole.node], 0)]) : place_of_stored(g.extents[whole.node]);
    for (int i = 0; f.labels[k][i]; ++i) {
      const char letter = f.labels[k][i];
      const int n = g.extents[u].extent[i];
      if (n == 1) continue;
      const bool other = letter != l.rows && letter != l.columns && letter != l.terms;
      if (other && ((batch && batch != letter) || axis_of_letter(f, 2, letter) == no_axis)) return none;
      if (other) batch = letter;
      (letter == l.rows ? extent_of_rows : letter == l.columns ? extent_of_columns : letter == l.terms ? extent_of_terms : extent_of_batch) = n;
      at[k == 2 ? 2 : k == l.side ? 0 : 1][letter == l.rows ? 0 : letter == l.columns ? 1 : letter == l.terms ? 2 : 3] = along(place, whole.axis[i]);
    }
  }
  auto &a = at[0], &b = at[1], &r = at[2];
  const bool by_rows = a[0].panels_apart || r[0].panels_apart, by_columns = b[1].panels_apart;
  if (a[2].panels_apart || b[2].panels_apart || r[1].panels_apart || by_rows + by_columns + (batch != '\0') > 1) return none;
  matrix_product p{extent_of_rows, extent_of_columns, extent_of_terms, extent_of_batch, {}, {}, {}, l.side, 0};
  long next[3] = {a[3].apart, b[3].apart, r[3].apart};
  if (by_rows || by_columns) {
    int& extent = by_rows ? p.rows : p.columns;
    const int letter = by_rows ? 0 : 1;
    p.batch = extent / panel_rows;
    extent = panel_rows;
    for (int k = 0; k < 3; ++k) next[k] = at[k][letter].panels_apart ? at[k][letter].panels_apart : panel_rows * at[k][letter].apart;
    if (by_rows) p.rows_next = panel_rows;
  }
  bool lies = true;
  auto matrix_of = [&](axis_place down, axis_place across, int rows, int columns, long behind) {
    const bool turned = down.apart != 1;
    lies = lies && down.apart > 0 && across.apart > 0 && (down.apart == 1 || across.apart == 1);
    return turned ? matrix{columns, rows, down.apart, behind, true} : matrix{rows, columns, across.apart, behind, false};
  };
  p.a = matrix_of(a[0], a[2], p.rows, p.terms, next[0]);
  p.b = matrix_of(b[2], b[1], p.terms, p.columns, next[1]);
  p.d = matrix_of(r[0], r[1], p.rows, p.columns, next[2]);
  return lies && !p.d.transposed ? p : none;
}

}  // namespace knit
