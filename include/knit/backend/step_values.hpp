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

  /// Where an operand comes from: a slot, a scalar worked out before the loops, or, if from neither, value `node` by its reader.
  struct source {
    int slot = -1, scalar = -1, node = -1;
  };
  /// A value of the step.
  struct entry {
    int v = 0;
    int slot = 0;  ///< holds one value after another, each from who makes it to the last that reads it
    int sum = -1;  ///< its number among reductions that are over only when all elements are done
    bool in_row = false;
    kind what = kind::map;
    combine how = combine::sum;
    source operand[3]{};
  };
  /// All of them: one table, because asking type by type costs compile time.
  struct value_table {
    entry at[count > 0 ? count : 1]{};
    int scalar_node[count > 0 ? 3 * count : 1]{}, scalars = 0;
    int sum[count > 0 ? count : 1]{}, sums = 0;  ///< those that add up, by number
    int slots = 0;
  };
  static constexpr value_table table = [] {
    value_table t;
    int made_by[P::nodes]{}, last_read[count > 0 ? count : 1]{};
    for (int& x : made_by) x = -1;
    for (int i = 0; i < count; ++i) {
      entry& e = t.at[i];
      e.v = P::plan.order[st.first + i];
      e.in_row = P::plan.in_row[e.v];
      op_info const& f = P::graph.info(e.v);
      e.what = f.what, e.how = f.how;
      if (e.what == kind::reduce && !e.in_row) t.sum[e.sum = t.sums++] = i;
      made_by[e.v] = last_read[i] = i;
    }
    for (int w = 0; w < P::plan.store_count; ++w)  // after all of them
      if (const int i = made_by[P::plan.stores[w].node]; i >= 0) last_read[i] = count;
    for (int i = 0; i < count; ++i) {
      const int v = t.at[i].v;
      for (int k = 0; k < P::graph.arity(v); ++k) {
        const int u = P::graph.operand(v, k), base = P::graph.read(u).node, by = made_by[base];
        source& from = t.at[i].operand[k];
        if (by >= 0 && t.at[by].sum < 0) {
          from.slot = by;  // below its slot
          if (last_read[by] < i) last_read[by] = i;
        } else if (P::plan.roles[base] == role::inlined ||
                   (P::plan.roles[base] != role::constant && P::graph.extents[base].size() == 1 && !P::graph.read(u).sampled)) {
          from.scalar = 0;
          while (from.scalar < t.scalars && t.scalar_node[from.scalar] != u) ++from.scalar;
          if (from.scalar == t.scalars) t.scalar_node[t.scalars++] = u;
        }
        if (from.slot < 0) from.node = u;
      }
    }
    // With a slot for each value, nvcc has an array in memory of some 8 KB or more.
    int free[count > 0 ? count : 1]{}, frees = 0;
    auto release = [&](int i) {
      last_read[i] = count;
      free[frees++] = t.at[i].slot;
    };
    for (int i = 0; i < count; ++i) {
      for (source& from : t.at[i].operand) {
        const int by = from.slot;
        if (by < 0) continue;
        from.slot = t.at[by].slot;
        if (last_read[by] == i) release(by);
      }
      if (t.at[i].sum >= 0) continue;  // has a total
      t.at[i].slot = frees > 0 ? free[--frees] : t.slots++;
      if (last_read[i] == i) release(i);
    }
    return t;
  }();
  /// Of values at once, and of reductions that add up.
  static constexpr int slots = table.slots, sums = table.sums;
  static_assert(st.kind != step_kind::contract || table.at[0].slot == 0, "a contraction leaves its result in the first slot");
  /// Where value v is, once it is there; -1: it is none of this step's.
  static constexpr int slot_of(int v) {
    for (int i = 0; i < count; ++i)
      if (table.at[i].v == v) return table.at[i].slot;
    return -1;
  }
  template <int G> static constexpr auto entries = detail::group_of<G, count>([](int i) { return table.at[i]; });
  /// Value number Index of the step. One template for all that is known of it: nvcc goes through all of a class's for a new one.
  template <int Index> static constexpr entry at = entries<Index / detail::group_size>[Index % detail::group_size];
  /// The value that adds up which has number K of these.
  template <int K> static constexpr entry sum_at = at<table.sum[K]>;

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
