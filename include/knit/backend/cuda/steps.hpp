// SPDX-License-Identifier: BSL-1.0
// steps.hpp -- in: one step of a plan. out: its values at a few elements, in a thread's registers, and stored.
#pragma once
#include <knit/backend/cuda/read.hpp>

namespace knit::cuda {

/// The values of step S of program P at Width elements along the axis in lanes, `count` of which are there.
template <class P, int S, int Width> struct body : step_values<P, S> {
  using values = step_values<P, S>;
  using number = typename P::number;
  using numbers = pack<number, Width>;
  using values::st, values::count, values::lane_axis, values::slots, values::sums, values::slot_of;
  template <int V> static constexpr bool in_parts = values::template in_parts<V>;

  struct state {
    numbers value[slots > 0 ? slots : 1];  ///< by slot
    numbers total[sums > 0 ? sums : 1];  ///< of reductions that are over only when all elements are done
    position at;
    int here;  ///< how many of the elements there are
  };

  /// What is in a slot, or else value V by its reader.
  template <int Slot, int V> KNIT_FN static decltype(auto) operand(memory<P> const& m, state const& s) {
    if constexpr (Slot >= 0) return (s.value[Slot]);
    else return reader<P, V>::template along<lane_axis, Width>(m, s.at, s.here);
  }

  /// Where value V at p lies: in the part of this run of slabs, counted from where the slab begins.
  template <int V> KNIT_FN static number* address(memory<P> const& m, position const& p) {
    constexpr buffer b = P::template planned_at<V>.place;
    constexpr strides by = strides_within(b.extents, b.leading);
    constexpr long s0 = by.along[0], s1 = by.along[1], s2 = by.along[2], s3 = by.along[3], offset = b.offset,
                   part = b.parts > 1 ? b.floats : 0;
    long o = offset + p.at[0] * s0 + p.at[1] * s1 + p.at[2] * s2 + p.at[3] * s3 + m.run * part;
    if constexpr (b.slab_axis != no_axis) {
      constexpr long back = by.along[b.slab_axis];
      o -= m.lo * back;
    }
    return (b.own ? m.own : m.a.arena) + o;
  }
  /// Writes what there is of x to memory whose elements lie side by side.
  template <bool Aligned, class T> KNIT_FN static void store(T* to, numbers const& x, int here) {
    if constexpr (Aligned && Width > 1) {
#ifdef __CUDA_ARCH__
      if constexpr (std::is_same_v<T, float>) {  // said so: nvcc stores some structs element by element
        if constexpr (Width == 4) __stwb(reinterpret_cast<float4*>(to), make_float4(x.at[0].v, x.at[1].v, x.at[2].v, x.at[3].v));
        else __stwb(reinterpret_cast<float2*>(to), make_float2(x.at[0].v, x.at[1].v));
        return;
      }
#endif
      aligned<T, Width> y;
      for (int i = 0; i < Width; ++i) y.at[i] = T(x.at[i].v);
      *reinterpret_cast<aligned<T, Width>*>(to) = y;
    } else
      for (int i = 0; i < Width; ++i)
        if (i < here) to[i] = T(x.at[i].v);
  }
  /// May a store of whole packs be made to an array of these extents, whose columns are so far apart?
  static constexpr bool whole(shape e, long leading, long offset) {
    return e.extent[lane_axis] % Width == 0 && lane_axis == 0 && (leading % Width == 0 || e.size() == e.extent[0]) &&
           offset % Width == 0 && e.name[0] == 0;
  }
  template <int V> KNIT_FN static void write(memory<P> const& m, state const& s, numbers const& x) {
    constexpr buffer b = P::template planned_at<V>.place;
    if constexpr (b.offset >= 0) {
      constexpr shape e = P::template extents<V>;
      constexpr long by = strides_within(b.extents, b.leading).along[lane_axis];
      number* const to = address<V>(m, s.at);
      if constexpr (by <= 1) store<whole(e, b.leading, b.offset)>(to, x, s.here);
      else
        for (int i = 0; i < Width; ++i)
          if (i < s.here) to[i * by] = x.at[i].v;
    }
  }
  /// Store number W of the plan.
  template <int W> KNIT_FN static void write_root(memory<P> const& m, state const& s, numbers const& x) {
    constexpr knit::detail::plan_store r = P::template store_at<W>;
    constexpr shape e = P::template extents<r.node>;
    constexpr strides by = strides_of(e, e.extent[0]);
    constexpr long s0 = by.along[0], s1 = by.along[1], s2 = by.along[2], s3 = by.along[3];
    const long o = s.at.at[0] * s0 + s.at.at[1] * s1 + s.at.at[2] * s2 + s.at.at[3] * s3;
    constexpr long apart = by.along[lane_axis];
    auto put = [&](auto* to) {
      if constexpr (apart == 1) store<whole(e, e.extent[0], 0)>(to + o, x, s.here);
      else
        for (int i = 0; i < Width; ++i)
          if (i < s.here) to[o + i * apart] = std::remove_reference_t<decltype(*to)>(x.at[i].v);
    };
    if constexpr (r.state >= 0) {
      constexpr int leaf = r.state;
      constexpr leaf_info f = P::graph.leaves[r.state];
      using held = std::conditional_t<f.holds == element::f64, double, float>;
      static_assert(f.holds == element_of<held>(), "knit: a state is an array of float or double");
      held* const to = static_cast<held*>(const_cast<void*>(m.a.leaves[leaf]));
      if constexpr (f.lies.panels) {
        auto place = [&](int row, int column) { return long(f.lies.offset(e, row, column)); };
        if constexpr (Width > 1 && lane_axis == 0 && panel_pad % Width == 0 && e.extent[0] % Width == 0)
          store<true>(to + place(s.at.at[0], s.at.at[1]), x, s.here);
        else
          for (int i = 0; i < Width; ++i)
            if (i < s.here)
              to[place(s.at.at[0] + (lane_axis == 0 ? i : 0), s.at.at[1] + (lane_axis == 1 ? i : 0))] = held(x.at[i].v);
      } else put(to);
    } else {
      constexpr int output = r.output;
      put(static_cast<number*>(m.a.outputs[output]));
    }
  }
  template <int W> KNIT_FN static void write_if_here(memory<P> const& m, state const& s) {
    if constexpr (W < P::stores && P::template store_at<W>.step == S) {
      constexpr int v = P::template store_at<W>.node, slot = slot_of(v);
      if constexpr (slot >= 0) write_root<W>(m, s, s.value[slot]);
      else write_root<W>(m, s, reader<P, v>::template along<lane_axis, Width>(m, s.at, s.here));
    }
  }
  template <int... W> KNIT_FN static void write_roots(memory<P> const& m, state const& s, std::integer_sequence<int, W...>) {
    (write_if_here<W>(m, s), ...);
  }
  KNIT_FN static void write_roots(memory<P> const& m, state const& s) {
    write_roots(m, s, std::make_integer_sequence<int, P::stores>{});
  }

  template <combine How> KNIT_FN static lane<number> joined(lane<number> a, lane<number> b) {
    if constexpr (How == combine::sum) return a + b;
    else return larger(a, b);
  }
  template <combine How> KNIT_FN static lane<number> neutral() {
    if constexpr (How == combine::sum) return number(0);
    else return -std::numeric_limits<number>::infinity();
  }

  /// Value Index of the step, given those before it; of a reduction, its terms here.
  template <int Index> KNIT_FN static void compute(memory<P> const& m, state& s) {
    // Facts by name and no copy of all of them: each is a constant that nvcc works out and keeps.
    constexpr int v = values::template at<Index>.v, slot = values::template at<Index>.slot, sum = values::template at<Index>.sum;
    constexpr int slot0 = values::template at<Index>.operand[0].slot, node0 = values::template at<Index>.operand[0].node,
                  slot1 = values::template at<Index>.operand[1].slot, node1 = values::template at<Index>.operand[1].node,
                  slot2 = values::template at<Index>.operand[2].slot, node2 = values::template at<Index>.operand[2].node;
    constexpr kind what = values::template at<Index>.what;
    using Op = typename P::template op<v>;
    numbers& y = s.value[slot];
    if constexpr (sum >= 0) {
      const numbers x = operand<slot0, node0>(m, s);
      lane<number>* const total = s.total[sum].at;
      for (int i = 0; i < Width; ++i) total[i] = i < s.here ? joined<values::template at<Index>.how>(total[i], x.at[i]) : total[i];
    } else if constexpr (what == kind::reduce) {
      y = operand<slot0, node0>(m, s);
    } else if constexpr (what != kind::contract) {
      if constexpr (info_of<Op>.indexed) {
        const shape now = space_now<P, S>(m);
        if constexpr (Op::arity == 0) y = eval_indexed<Op, lane_axis, number, Width>(s.at, now);
        else y = eval_indexed<Op, lane_axis, number, Width>(s.at, now, field(P::template at<v>, 2), operand<slot0, node0>(m, s));
      } else if constexpr (Op::arity == 1) y = eval_each<Op>(operand<slot0, node0>(m, s));
      else if constexpr (Op::arity == 2) y = eval_each<Op>(operand<slot0, node0>(m, s), operand<slot1, node1>(m, s));
      else y = eval_each<Op>(operand<slot0, node0>(m, s), operand<slot1, node1>(m, s), operand<slot2, node2>(m, s));
      if constexpr (P::template planned_at<v>.place.offset >= 0) write<v>(m, s, y);
    }
  }
  template <int First, int... Index>
  KNIT_FN static void compute_all(memory<P> const& m, state& s, std::integer_sequence<int, Index...>) {
    (compute<First + Index>(m, s), ...);
  }
  /// Values First .. here, and what is stored of the step.
  template <int First> KNIT_FN static void run(memory<P> const& m, state& s) {
    compute_all<First>(m, s, std::make_integer_sequence<int, count - First>{});
    write_roots(m, s);
  }

  /// Of a contraction V, what follows with the elements of its result that s.value[0] holds.
  template <int V> KNIT_FN static void epilogue(memory<P> const& m, state& s) {
    if constexpr (in_parts<V>)
      if (!m.first) {
        number const* const sum = address<V>(m, s.at);
        for (int i = 0; i < s.here; ++i) s.value[0].at[i] = s.value[0].at[i] + lane<number>(sum[i]);
      }
    write<V>(m, s, s.value[0]);
    run<1>(m, s);
  }
};

}  // namespace knit::cuda
