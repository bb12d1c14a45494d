// SPDX-License-Identifier: BSL-1.0
// seen_value.hpp -- in: a value's number. out: what it ends in by way of views, and what that is.
#pragma once
#include <knit/backend/runtime.hpp>

namespace knit {

/// The axis under axis q of view V, or no_axis.
template <class P, int V> constexpr int axis_of_view(int q) {
  constexpr shape from = P::template extents<field(P::template at<V>, 0)>, to = P::template extents<V>;
  const int x = to.extent[q] > 1 ? axis_under(info_of<typename P::template op<V>>, from, to, q) : no_axis;
  return x != no_axis && from.extent[x] > 1 ? x : no_axis;
}
/// Moves p from an element of value V to that of what V ends in by way of views; false: there is none now, and V is 0 there.
/// extent_now is each backend's own: it knows where its memory m has the extents that are known at run time only.
template <class P, int V, class Memory, class Position> constexpr bool locate(Memory const& m, Position& p) {
  constexpr access to = P::template value_at<V>.seen;
  if constexpr (to.node == V) return true;
  else {
    constexpr int u = field(P::template at<V>, 0);
    using Op = typename P::template op<V>;
    if constexpr (info_of<Op>.see == view_kind::sampled) {
      constexpr sliding a = info_of<Op>.slide[0], b = info_of<Op>.slide[1];
      constexpr shape e = P::template extents<u>;
      const int width = extent_now<P, e.name[0]>(m, e.extent[0]), height = extent_now<P, e.name[1]>(m, e.extent[1]);
      const int x = a.numerator(p.at[0], 0), y = b.numerator(p.at[1], 0);
      if (!a.there(x, width) || !b.there(y, height)) return false;
      p.at[0] = x / a.divisor;
      p.at[1] = y / b.divisor;
    } else {
      constexpr int x0 = axis_of_view<P, V>(0), x1 = axis_of_view<P, V>(1), x2 = axis_of_view<P, V>(2), x3 = axis_of_view<P, V>(3);
      const Position here = p;
      p = Position{};
      if constexpr (x0 != no_axis) p.at[x0] = here.at[0];
      if constexpr (x1 != no_axis) p.at[x1] = here.at[1];
      if constexpr (x2 != no_axis) p.at[x2] = here.at[2];
      if constexpr (x3 != no_axis) p.at[x3] = here.at[3];
    }
    return locate<P, u>(m, p);
  }
}

/// What every reader of value V of program P knows of it, seen from a space whose axes are V's own (repeated where V has
/// extent 1).
template <class P, int V> struct seen_value {
  static constexpr access from = P::template value_at<V>.seen;
  static constexpr int base = from.node;
  static constexpr bool sampled = from.sampled;  ///< elements are to be located one by one
  static constexpr role what = P::template planned_at<base>.what;
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
