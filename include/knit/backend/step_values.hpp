// SPDX-License-Identifier: BSL-1.0
// step_values.hpp -- in: one step of a plan. out: its values in order, and where the operands of each come from.
#pragma once
#include <knit/backend/runtime.hpp>

namespace knit {

/// What every backend that executes plans wants to know of step S of program P.
template <class P, int S> struct step_values {
  static constexpr step st = P::template step_at<S>;
  static constexpr shape space = st.space;
  static constexpr int lane_axis = st.lane;
  static constexpr int count = st.last - st.first;

  static constexpr int slot_of(int v) {
    for (int i = 0; i < count; ++i)
      if (P::plan.order[st.first + i] == v) return i;
    return -1;
  }

  /// Where operand k of value i comes from: the value of the step with that number, a scalar worked out before the
  /// loops, or memory. One table for the step, because asking type by type costs compile time.
  static constexpr int from_memory = -1;
  struct source {
    int slot = from_memory, scalar = -1;
  };
  struct source_table {
    source at[count > 0 ? count : 1][3]{};
    int scalar_node[count > 0 ? 3 * count : 1]{};
    int scalars = 0;
  };
  static constexpr source_table sources = [] {
    source_table t;
    int slots[P::nodes]{};
    for (int& x : slots) x = -1;
    for (int i = 0; i < count; ++i) slots[P::plan.order[st.first + i]] = i;
    for (int i = 0; i < count; ++i) {
      const int v = P::plan.order[st.first + i];
      for (int k = 0; k < P::graph.arity(v); ++k) {
        const int u = P::graph.operand(v, k), base = P::graph.read(u).node;
        source from;
        if (P::plan.roles[base] == role::computed && (P::graph.info(base).what != kind::reduce || P::plan.in_row[base]))
          from.slot = slots[base];
        if (from.slot < 0 &&
            (P::plan.roles[base] == role::inlined ||
             (P::plan.roles[base] != role::constant && P::graph.extents[base].size() == 1 && !P::graph.read(u).sampled))) {
          from.scalar = 0;
          while (from.scalar < t.scalars && t.scalar_node[from.scalar] != u) ++from.scalar;
          if (from.scalar == t.scalars) t.scalar_node[t.scalars++] = u;
        }
        t.at[i][k].slot = from.slot;
        t.at[i][k].scalar = from.scalar;
      }
    }
    return t;
  }();

  /// Value number Index of the step, and where its operands come from.
  struct entry {
    int v;
    source operand[3];
  };
  template <int G> static constexpr auto entries = detail::group_of<G, count>([](int i) {
    return entry{P::plan.order[st.first + i], {sources.at[i][0], sources.at[i][1], sources.at[i][2]}};
  });
  template <int Index> static constexpr entry at = entries<Index / detail::group_size>[Index % detail::group_size];
  template <int Index> static constexpr int node_at = at<Index>.v;

  /// Does value V add up over the slabs of a run?
  template <int V> static constexpr bool in_parts = P::template planned_at<V>.slab_axis == partial_axis &&
                                                    P::template region_at<st.region>.runs < P::template region_at<st.region>.slabs;
};

/// The same of a step that copies the elements of one value to other extents, first index fastest on both sides.
template <class P, int S> struct copied_value {
  static constexpr step st = P::template step_at<S>;
  static constexpr int v = P::template planned_step<S>.value, u = field(P::template at<v>, 0);
  static constexpr shape to = P::template extents<v>, from = P::template extents<u>;
  static constexpr long size = to.size();
  /// The axis of the result that a slab cuts, and elements from one place along it to the next.
  static constexpr int axis = st.cut != no_axis && P::template region_of<S>.extent > 1 ? axis_kept(from, st.cut, to) : no_axis;
  static constexpr long apart = [] {
    long n = 1;
    for (int q = 0; q < axis; ++q) n *= to.extent[q];
    return n;
  }();
};

}  // namespace knit
