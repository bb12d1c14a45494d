// SPDX-License-Identifier: BSL-1.0
// differentiate.hpp -- in: a graph and one of its values. out: the adjoint of every value, as nodes of the graph.
#pragma once
#include <knit/graph/graph.hpp>

namespace knit {

/// An op's derivative with regard to one operand, as a small list of nodes over holes: 0 is the result, 1 its
/// adjoint, 2, 3, ... the operands. Worked out once per op; it never saw a shape.
struct rule {
  static constexpr int capacity = 24;
  static constexpr int hole = 0xfff4;  ///< op number of a hole
  int size = 0;                        ///< 0: no derivative
  node at[capacity]{};                 ///< op numbers are the program's
  double numbers[8]{};
};
struct rules {
  rule operand[3];
};

/// Reverse mode, one sweep from `top` down. adjoint[i] is the derivative of the sum of top's elements with
/// regard to value i, or none where top does not depend on it differentiably. Where an op's operand was
/// broadcast, its adjoint is summed back here, so no rule has to.
template <class G> constexpr void differentiate(G& g, rules const* rule_of, int top, int* adjoint) {
  for (int i = 0; i <= top; ++i) adjoint[i] = none;
  adjoint[top] = g.filled(1, g.extents[top]);
  for (int i = top; i >= 0; --i) {
    if (adjoint[i] == none || !g.is_op(i)) continue;
    const node n = g.at(i);
    for (int k = 0; k < g.info(i).arity; ++k) {
      rule const& r = rule_of[op_of(n)].operand[k];
      if (r.size == 0) continue;
      const int target = field(n, k);
      int made[rule::capacity]{};
      for (int j = 0; j < r.size; ++j) {
        const node m = r.at[j];
        if (op_of(m) == rule::hole) {
          const int h = field(m, 0);
          // The shape-giving operand of a `like` op is gone; what rules need of it is the operand's own shape.
          made[j] = h == 0 ? i : h == 1 ? adjoint[i] : field(n, h - 2);
        } else if (op_of(m) == constant_code) made[j] = g.constant(r.numbers[field(m, 0)]);
        else {
          int x[3];
          for (int q = 0; q < 3; ++q) x[q] = field(m, q) == none ? int(none) : made[field(m, q)];
          made[j] = g.make(op_of(m), x[0], x[1], x[2]);
        }
      }
      int a = made[r.size - 1];
      shape least = g.extents[target];
      for (int q = 0; q < max_rank; ++q)
        if (g.extents[a].extent[q] < least.extent[q]) least.copy_axis(q, g.extents[a], q);
      if (!same_extents(g.extents[a], least)) a = g.like(g.known.sum_to, a, least);
      if (!same_extents(least, g.extents[target])) a = g.like(g.known.broadcast, a, g.extents[target]);
      adjoint[target] = adjoint[target] == none ? a : g.make(g.known.add, adjoint[target], a);
    }
  }
}

}  // namespace knit
