// SPDX-License-Identifier: BSL-1.0
// steps.hpp -- in: one step of a plan. out: its values at one block of lanes, computed in registers and stored.
#pragma once
#include <knit/backend/read.hpp>

namespace knit::simd {
inline namespace HWY_NAMESPACE {

/// The values of step S of program P, one block of lanes at a time. Values live in registers from the
/// operation that makes them to the last that reads them; only those that the plan stores are written.
template <class P, int S> struct body {
  using number = typename P::number;
  using lanes = basic_lanes<number>;
  using memory = typename P::memory;
  static constexpr step st = P::plan.steps[S];
  static constexpr shape space = st.space;
  static constexpr int lane_axis = lane_axis_of(space);
  static constexpr int count = st.last - st.first;

  template <int Index> static constexpr int node_at = P::plan.order[st.first + Index];
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
        const int u = P::graph.operand(v, k), base = resolve(P::graph, u).node;
        source from;
        if (P::plan.roles[base] == role::computed && P::graph.info(base).what != kind::reduce) from.slot = slots[base];
        if (from.slot < 0 && (P::plan.roles[base] == role::inlined || (P::plan.roles[base] != role::constant && P::graph.extents[base].size() == 1))) {
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

  struct state {
    memory const& m;
    lanes value[count > 0 ? count : 1];   ///< at this block
    lanes total[count > 0 ? count : 1];   ///< of reductions
    number scalar[sources.scalars + 1];   ///< inlined operands
  };

  template <int... J> static HWY_INLINE void read_scalars(state& s, std::integer_sequence<int, J...>) {
    ((s.scalar[J] = reader<P, sources.scalar_node[J]>::one(s.m, position{})), ...);
  }
  /// Before the loops: they read the same scalars again and again.
  static HWY_INLINE void prepare(state& s) { read_scalars(s, std::make_integer_sequence<int, sources.scalars>{}); }

  template <int Index, int K, class Width> static HWY_INLINE lanes operand(state& s, position const& p, Width w) {
    constexpr source from = sources.at[Index][K];
    if constexpr (from.slot >= 0) return s.value[from.slot];
    else if constexpr (from.scalar >= 0) return lanes(s.scalar[from.scalar]);
    else return reader<P, field(P::template at<node_at<Index>>, K)>::template along<lane_axis>(s.m, p, w);
  }

  static HWY_INLINE std::array<lanes, max_rank> coordinates(position const& p) {
    std::array<lanes, max_rank> c;
    for (int q = 0; q < max_rank; ++q) c[std::size_t(q)] = lanes(number(p.at[q])) + (q == lane_axis ? iota<number>() : lanes(0));
    return c;
  }

  /// Where the arena holds value V at p: in the part of this run of slabs, counted from where the slab begins.
  template <int V> static HWY_INLINE number* address(state const& s, position const& p) {
    constexpr buffer b = P::plan.buffers[V];
    constexpr strides by = strides_within(b.extents, b.leading);
    long o = b.offset + by.to(p.at) + (b.parts > 1 ? s.m.run * b.floats : 0);
    if constexpr (b.slab_axis != no_axis) o -= s.m.lo * by.along[b.slab_axis];
    return (b.own ? s.m.own : s.m.arena) + o;
  }
  /// Does value V add up over the slabs of a run?
  template <int V> static constexpr bool in_parts =
      P::plan.slab_axis[V] == partial_axis && P::plan.regions[st.region].runs < P::plan.regions[st.region].slabs;
  template <int V, class Width> static HWY_INLINE lanes stored(state const& s, position const& p, Width w) {
    return load_lanes<number>(address<V>(s, p), w);
  }
  /// Writes value V, at this block, if the plan stores it.
  template <int V, class Width> static HWY_INLINE void write(state const& s, position const& p, lanes x, Width w) {
    if constexpr (P::plan.buffers[V].offset >= 0) store_lanes(address<V>(s, p), x, w);
  }
  /// Store number W of the plan.
  template <int W, class Width> static HWY_INLINE void write_root(memory const& m, position const& p, lanes x, Width w) {
    constexpr root r = P::graph.roots[P::plan.stores[W].root];
    constexpr shape e = P::template extents<r.node>;
    if constexpr (r.state >= 0) {
      constexpr leaf_info f = P::graph.leaves[r.state];
      auto* const to = const_cast<void*>(m.leaves[r.state]);
      using held = std::conditional_t<f.holds == element::f64, double, float>;
      static_assert(f.holds == element_of<held>(), "knit: a state is an array of float or double");
      if constexpr (std::is_same_v<held, double> && !std::is_same_v<number, double>) {
        static_assert(e.size() == 1);  // an array of double would have made the program one of double
        number first[lanes::count];
        store(first, x);
        *static_cast<double*>(to) = double(first[0]);
      } else {
        const long o = f.lies.panels ? long(f.lies.offset(e, p.at[0], p.at[1])) : strides_of(e, e.extent[0]).to(p.at);
        store_lanes(static_cast<held*>(to) + o, x, w);
      }
    } else {
      constexpr strides by = strides_of(e, e.extent[0]);
      store_lanes(static_cast<number*>(m.outputs[output_number(P::graph, P::plan.stores[W].root)]) + by.to(p.at), x, w);
    }
  }
  template <int W, class Width> static HWY_INLINE void write_if_here(state& s, position const& p, Width w) {
    if constexpr (W < P::plan.store_count && P::plan.stores[W].step == S) {
      constexpr int v = P::plan.stores[W].node;
      constexpr int slot = slot_of(v);
      if constexpr (slot >= 0) write_root<W>(s.m, p, s.value[slot], w);
      else write_root<W>(s.m, p, reader<P, v>::template along<lane_axis>(s.m, p, w), w);
    }
  }

  /// Value Index of the step, given those before it.
  template <int Index, class Width> static HWY_INLINE void compute(state& s, position const& p, Width w) {
    constexpr int v = node_at<Index>;
    using Op = typename P::template op<v>;
    constexpr op_info f = info_of<Op>;
    if constexpr (f.what == kind::reduce) {
      const lanes x = operand<Index, 0>(s, p, w);
      const lanes t = f.how == combine::sum ? s.total[Index] + x : reader<P, v>::larger(s.total[Index], x);
      if constexpr (std::is_same_v<Width, all_lanes> || !st.reduces[lane_axis]) s.total[Index] = t;
      else s.total[Index] = select(first_n<number>(w.n), t, s.total[Index]);
    } else {
      if constexpr (f.indexed) {
        if constexpr (Op::arity == 0) s.value[Index] = Op::eval(coordinates(p), space);
        else s.value[Index] = Op::eval(coordinates(p), space, operand<Index, 0>(s, p, w), std::uint32_t(field(P::template at<v>, 2)));
      } else if constexpr (Op::arity == 1) s.value[Index] = Op::eval(operand<Index, 0>(s, p, w));
      else if constexpr (Op::arity == 2) s.value[Index] = Op::eval(operand<Index, 0>(s, p, w), operand<Index, 1>(s, p, w));
      else s.value[Index] = Op::eval(operand<Index, 0>(s, p, w), operand<Index, 1>(s, p, w), operand<Index, 2>(s, p, w));
      write<v>(s, p, s.value[Index], w);
    }
  }
  template <int First, class Width, int... Index, int... W>
  static HWY_INLINE void compute_all(state& s, position const& p, Width w, std::integer_sequence<int, Index...>, std::integer_sequence<int, W...>) {
    (compute<First + Index>(s, p, w), ...);
    (write_if_here<W>(s, p, w), ...);
  }
  /// Values First .. at block p.
  template <int First, class Width> static HWY_INLINE void run(state& s, position const& p, Width w) {
    compute_all<First>(s, p, w, std::make_integer_sequence<int, count - First>{},
                       std::make_integer_sequence<int, P::plan.store_count>{});
  }

  // ---- reductions ----
  template <int Index> static HWY_INLINE void start(state& s) {
    if constexpr (P::graph.info(node_at<Index>).what == kind::reduce)
      s.total[Index] = lanes(P::graph.info(node_at<Index>).how == combine::sum ? number(0) : -std::numeric_limits<number>::infinity());
  }
  template <int... Index> static HWY_INLINE void start_all(state& s, std::integer_sequence<int, Index...>) { (start<Index>(s), ...); }
  static HWY_INLINE void start(state& s) { start_all(s, std::make_integer_sequence<int, count>{}); }

  template <int Index, class Width> static HWY_INLINE void end(state& s, position p, Width w) {
    constexpr int v = node_at<Index>;
    if constexpr (P::graph.info(v).what == kind::reduce) {
      constexpr bool sums = P::graph.info(v).how == combine::sum;
      for (int q = 0; q < max_rank; ++q)
        if (st.reduces[q]) p.at[q] = 0;
      number* const to = address<v>(s, p);
      if constexpr (st.reduces[lane_axis]) {
        const number x = sums ? reduce_add(s.total[Index]) : largest(s.total[Index]);
        *to = !in_parts<v> || s.m.first ? x : sums ? *to + x : reader<P, v>::larger(*to, x);
      } else {
        if constexpr (in_parts<v>)
          if (!s.m.first) s.total[Index] = sums ? stored<v>(s, p, w) + s.total[Index] : reader<P, v>::larger(stored<v>(s, p, w), s.total[Index]);
        store_lanes(to, s.total[Index], w);
      }
    }
  }
  template <int... Index, class Width>
  static HWY_INLINE void end_all(state& s, position const& p, Width w, std::integer_sequence<int, Index...>) {
    (end<Index>(s, p, w), ...);
  }
  template <class Width> static HWY_INLINE void end(state& s, position const& p, Width w) {
    end_all(s, p, w, std::make_integer_sequence<int, count>{});
  }
  static number largest(lanes x) {
    number a[lanes::count];
    store(a, x);
    number y = a[0];
    for (int i = 1; i < lanes::count; ++i) y = a[i] != a[i] || a[i] > y ? a[i] : y;
    return y;
  }
};

/// A step of kind map over one slab.
template <class P, int S> struct map_step {
  using B = body<P, S>;
  using lanes = typename B::lanes;
  static constexpr step st = P::plan.steps[S];
  static constexpr int lane = B::lane_axis;

  /// Axes from the outermost loop in: kept ones, then reduced ones, lanes last of each kind.
  static constexpr auto order = [] {
    std::array<int, max_rank + 1> o{};
    int n = 0;
    for (int reduced = 0; reduced < 2; ++reduced)
      for (int q = max_rank - 1; q >= 0; --q)
        if (st.space.extent[q] > 1 && st.reduces[q] == bool(reduced) && q != lane) o[std::size_t(n++)] = q;
    return o;
  }();
  static constexpr int kept = [] {
    int n = 0;
    for (int q = 0; q < max_rank; ++q) n += st.space.extent[q] > 1 && !st.reduces[q] && q != lane;
    return n;
  }();
  static constexpr int outer = [] {
    int n = 0;
    for (int q = 0; q < max_rank; ++q) n += st.space.extent[q] > 1 && q != lane;
    return n;
  }();
  static constexpr bool lane_kept = !st.reduces[lane];

  struct bounds {
    int lo, hi;
  };

  /// Loops D .. E - 1 of `order`, around f(p).
  template <int D, int E, class F> static HWY_INLINE void loops(bounds const& b, position& p, F const& f) {
    if constexpr (D == E) f(p);
    else {
      constexpr int q = order[D];
      const int lo = q == st.cut ? b.lo : 0, hi = q == st.cut ? b.hi : st.space.extent[q];
      for (int i = lo; i < hi; ++i) {
        p.at[q] = i;
        loops<D + 1, E>(b, p, f);
      }
    }
  }
  // Slabs start at multiples of whole blocks, so only an extent that is none leaves a rest.
  static constexpr bool rest = st.space.extent[lane] % lanes::count != 0 ||
                               (lane == st.cut && P::plan.regions[st.region].granule % lanes::count != 0);
  /// From so many values on a step with a rest is compiled once, for any number of lanes, and not twice.
  static constexpr int large = 48;

  template <class F> static HWY_INLINE void lane_loop(bounds const& b, position& p, F const& f) {
    const int lo = lane == st.cut ? b.lo : 0, hi = lane == st.cut ? b.hi : st.space.extent[lane];
    int i = lo;
    if constexpr (!(rest && B::count > large))
      for (; i + lanes::count <= hi; i += lanes::count) {
        p.at[lane] = i;
        f(p, all_lanes{});
      }
    if constexpr (rest)
      for (; i < hi; i += lanes::count) {
        p.at[lane] = i;
        f(p, some_lanes{hi - i < lanes::count ? hi - i : lanes::count});
      }
    p.at[lane] = lo;
  }

  static void run(typename P::memory const& m) {
    typename B::state s{m, {}, {}, {}};
    B::prepare(s);
    const bounds b{m.lo, m.hi};
    position p{};
    if constexpr (!st.any_reduction)
      loops<0, outer>(b, p, [&](position& at) { lane_loop(b, at, [&](position& q, auto w) { B::template run<0>(s, q, w); }); });
    else if constexpr (lane_kept)
      loops<0, kept>(b, p, [&](position& at) {
        lane_loop(b, at, [&](position& q, auto w) {
          B::start(s);
          position inner = q;
          loops<kept, outer>(b, inner, [&](position& r) { B::template run<0>(s, r, w); });
          B::end(s, q, w);
        });
      });
    else
      loops<0, kept>(b, p, [&](position& at) {
        B::start(s);
        position inner = at;
        loops<kept, outer>(b, inner, [&](position& r) { lane_loop(b, r, [&](position& q, auto w) { B::template run<0>(s, q, w); }); });
        B::end(s, at, all_lanes{});
      });
  }
};

/// A reshape that moves elements: both sides counted first index fastest.
template <class P, int S> struct copy_step {
  static void run(typename P::memory const& m) {
    constexpr step st = P::plan.steps[S];
    constexpr int v = P::plan.order[st.first], u = field(P::template at<v>, 0);
    constexpr shape to = P::template extents<v>, from = P::template extents<u>;
    constexpr buffer b = P::plan.buffers[v];
    constexpr strides by = strides_of(b.extents, b.leading);
    for (long i = 0; i < to.size(); ++i) {
      position p{};
      long rest = i, o = b.offset;
      for (int q = 0; q < max_rank; ++q) {
        o += rest % to.extent[q] * by.along[q];
        rest /= to.extent[q];
      }
      rest = i;
      for (int q = 0; q < max_rank; ++q) {
        p.at[q] = int(rest % from.extent[q]);
        rest /= from.extent[q];
      }
      m.arena[o] = reader<P, u>::one(m, p);
    }
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace knit::simd
