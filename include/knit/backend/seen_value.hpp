// SPDX-License-Identifier: BSL-1.0
// seen_value.hpp -- in: a value's number. out: what it ends in by way of views, and what that is.
#pragma once
#include <knit/backend/runtime.hpp>

namespace knit {

/// What every reader of value V of program P knows of it, seen from a space whose axes are V's own (repeated where V has
/// extent 1).
template <class P, int V> struct seen_value {
  static constexpr access from = P::graph.read(V);
  static constexpr int base = from.node;
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
