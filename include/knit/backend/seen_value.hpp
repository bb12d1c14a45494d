// SPDX-License-Identifier: BSL-1.0
// seen_value.hpp -- in: a value's number. out: what it ends in by way of views, and what that is.
#pragma once
#include <knit/backend/runtime.hpp>

namespace knit {

/// The element of what value V ends in by way of views that is at p of V; false: there is none, and V is 0 there.
template <class P, int V, class Position> constexpr bool locate(Position& p) {
  constexpr access to = P::graph.read(V);
  if constexpr (to.node == V) return true;
  else {
    using info = std::integral_constant<op_info const*, &P::graph.info(V)>;
    constexpr int u = field(P::template at<V>, 0);
    constexpr shape from = P::template extents<u>;
    if constexpr (info::value->see == view_kind::sampled) {
      for (int q = 0; q < sliding_axes; ++q) {
        sliding const s = info::value->slide[q];
        const int n = s.numerator(p.at[q], 0);
        if (!s.there(n, from.extent[q])) return false;
        p.at[q] = n / s.divisor;
      }
    } else {
      const Position here = p;
      p = Position{};
      for (int q = 0; q < max_rank; ++q)
        if (P::template extents<V>.extent[q] > 1) {
          const int x = axis_under(*info::value, from, P::template extents<V>, q);
          if (from.extent[x] > 1) p.at[x] = here.at[q];
        }
    }
    return locate<P, u>(p);
  }
}

/// What every reader of value V of program P knows of it, seen from a space whose axes are V's own (repeated where V has
/// extent 1).
template <class P, int V> struct seen_value {
  static constexpr access from = P::graph.read(V);
  static constexpr int base = from.node;
  static constexpr bool sampled = from.sampled;  ///< elements are to be located one by one
  static constexpr role what = P::plan.roles[base];
  static constexpr shape extents = P::template extents<base>;
  static constexpr bool is_leaf = what == role::leaf;
  static constexpr int leaf = is_leaf ? field(P::template at<base>, 0) : 0;  ///< its number
  static constexpr leaf_info info = is_leaf ? P::graph.leaves[leaf] : leaf_info{};
  static constexpr bool panels = is_leaf && info.lies.panels;

  /// V's axis that falls on an axis of the base, or no_axis.
  static constexpr int find(int base_axis) {
    for (int q = 0; q < max_rank; ++q)
      if (from.axis[q] == base_axis) return q;
    return no_axis;
  }
};

}  // namespace knit
