// SPDX-License-Identifier: BSL-1.0
// steps.hpp -- in: one step of a plan. out: its values at one block of lanes, computed in registers and stored.
#pragma once
#include <knit/backend/read.hpp>
#include <knit/backend/step_values.hpp>

namespace knit::simd {
inline namespace HWY_NAMESPACE {

/// The values of step S of program P, one block of lanes at a time. Values live in registers from the
/// operation that makes them to the last that reads them; only those that the plan stores are written.
template <class P, int S> struct body : step_values<P, S> {
  using values = step_values<P, S>;
  using number = typename P::number;
  using lanes = basic_lanes<number>;
  using memory = typename P::memory;
  using typename values::entry, typename values::source;
  using values::st, values::space, values::lane_axis, values::count, values::table, values::slots, values::sums, values::slot_of;
  template <int V> static constexpr bool in_parts = values::template in_parts<V>;
  /// Registers that a row takes, if one is in registers at once.
  static constexpr int blocks = st.row ? (space.extent[lane_axis] + lanes::count - 1) / lanes::count : 1;
  /// Running totals of a reduction: for each register of a row, or of a tile's column.
  static constexpr int totals = st.kind == step_kind::contract ? (panel_rows + lanes::count - 1) / lanes::count : blocks;

  struct state;
  /// What all blocks of a slab share.
  struct context {
    memory const& m;
    number scalar[table.scalars + 1];  ///< inlined operands, read before the loops, which need them again and again
    state* sums = nullptr;               ///< where blocks add up, if they are not the state's own

    explicit HWY_INLINE context(memory const& mem) : m(mem) { read(std::make_integer_sequence<int, table.scalars>{}); }

   private:
    template <int... J> HWY_INLINE void read(std::integer_sequence<int, J...>) {
      ((scalar[J] = reader<P, table.scalar_node[J]>::one(m, position{})), ...);
    }
  };
  /// One block, or a few beside each other. Local to the innermost function, so that compilers keep it in registers.
  struct state {
    memory const m;  ///< a copy: what is written through pointers may be anything, for a compiler, but not a local
    context const& of;
    lanes value[slots > 0 ? slots : 1][blocks];  ///< by slot
    lanes total[sums > 0 ? sums : 1][totals];  ///< of reductions

    explicit HWY_INLINE state(context const& c) : m(c.m), of(c) {}
  };

  /// An operand at register `block` of a row.
  template <source From, class Width> static HWY_INLINE lanes operand(state& s, position const& p, Width w, int block) {
    if constexpr (From.slot >= 0) return s.value[From.slot][blocks == 1 ? 0 : block];
    else if constexpr (From.scalar >= 0) return lanes(s.of.scalar[From.scalar]);
    else return reader<P, From.node>::template along<lane_axis>(s.m, p, w);
  }

  static HWY_INLINE std::array<lanes, max_rank> coordinates(position const& p) {
    std::array<lanes, max_rank> c;
    for (int q = 0; q < max_rank; ++q) c[std::size_t(q)] = lanes(number(p.at[q])) + (q == lane_axis ? iota<number>() : lanes(0));
    return c;
  }

  /// Where the arena holds value V at p: in the part of this run of slabs, counted from where the slab begins.
  template <int V> static HWY_INLINE number* address(state const& s, position const& p) {
    constexpr buffer b = P::template planned_at<V>.place;
    constexpr strides by = strides_within(b.extents, b.leading, b.beside);
    long o = b.offset + by.to(p.at) + (b.parts > 1 ? s.m.run * b.floats : 0);
    if constexpr (b.slab_axis != no_axis) o -= s.m.lo * by.along[b.slab_axis];
    return (b.own ? s.m.own : s.m.arena) + o;
  }
  template <int V, class Width> static HWY_INLINE lanes stored(state const& s, position const& p, Width w) {
    return load_lanes<number>(address<V>(s, p), w);
  }
  /// Writes value V, at this block, if the plan stores it.
  template <int V, class Width> static HWY_INLINE void write(state const& s, position const& p, lanes x, Width w) {
    if constexpr (P::template planned_at<V>.place.offset >= 0) store_lanes(address<V>(s, p), x, w);
  }
  /// Store number W of the plan.
  template <int W, class Width> static HWY_INLINE void write_root(memory const& m, position const& p, lanes x, Width w) {
    constexpr knit::detail::plan_store r = P::template store_at<W>;
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
        static_assert(lane_axis == lane_axis_of(e) || e.size() == 1,
                      "knit: the next value of a state lies in lanes as the state does");
        const long o = f.lies.panels ? long(f.lies.offset(e, p.at[0], p.at[1])) : strides_of(e, e.extent[0]).to(p.at);
        store_lanes(static_cast<held*>(to) + o, x, w);
      }
    } else {
      constexpr strides by = strides_of(e, e.extent[0]);
      number* const to = static_cast<number*>(m.outputs[r.output]) + by.to(p.at);
      if constexpr (lane_axis == lane_axis_of(e) || e.size() == 1) store_lanes(to, x, w);
      else {
        number each[lanes::count];
        store(each, x);
        for (int i = 0; i < filled<number>(w); ++i) to[i * by.along[lane_axis]] = each[i];
      }
    }
  }
  template <int W, class Width> static HWY_INLINE void write_if_here(state& s, position const& p, Width w, int block) {
    if constexpr (W < P::stores && P::template store_at<W>.step == S) {
      constexpr int v = P::template store_at<W>.node;
      constexpr int slot = slot_of(v);
      if constexpr (slot >= 0) write_root<W>(s.m, p, s.value[slot][blocks == 1 ? 0 : block], w);
      else write_root<W>(s.m, p, reader<P, v>::template along<lane_axis>(s.m, p, w), w);
    }
  }

  template <combine How> static HWY_INLINE lanes joined(lanes a, lanes b) {
    if constexpr (How == combine::sum) return a + b;
    else return larger(a, b);
  }
  template <combine How> static HWY_INLINE number across(lanes x) {
    if constexpr (How == combine::sum) return reduce_add(x);
    else return any(x != x) ? std::numeric_limits<number>::quiet_NaN() : reduce_max(x);
  }
  template <combine How> static constexpr number neutral =
      How == combine::sum ? number(0) : -std::numeric_limits<number>::infinity();

  /// Value Index of the step, given those before it, in register `block` of a row or of a tile's column.
  template <int Index, class Width> static HWY_INLINE void compute(state& s, position const& p, Width w, int block) {
    constexpr entry e = values::template at<Index>;
    constexpr int v = e.v;
    using Op = typename P::template op<v>;
    constexpr bool whole = std::is_same_v<Width, all_lanes>;
    lanes& y = s.value[e.slot][blocks == 1 ? 0 : block];
    if constexpr (e.sum >= 0) {
      const lanes x = operand<e.operand[0]>(s, p, w, block);
      lanes& t = s.total[e.sum][totals == 1 ? 0 : block];
      if constexpr (whole || !st.reduces[lane_axis]) t = joined<e.how>(t, x);
      else t = select(first_n<number>(w.n), joined<e.how>(t, x), t);
    } else if constexpr (e.what == kind::reduce) {
      const lanes x = operand<e.operand[0]>(s, p, w, block);
      if constexpr (whole) y = x;  // the row's registers are joined when all are there
      else y = select(first_n<number>(w.n), x, neutral<e.how>);
    } else {
      if constexpr (info_of<Op>.indexed) {
        const shape now = shape_now<P>(space, s.m.leaves);
        if constexpr (Op::arity == 0) y = Op::eval(coordinates(p), now);
        else y = Op::eval(coordinates(p), now, operand<e.operand[0]>(s, p, w, block), std::uint32_t(field(P::template at<v>, 2)));
      } else if constexpr (Op::arity == 1) y = Op::eval(operand<e.operand[0]>(s, p, w, block));
      else if constexpr (Op::arity == 2) y = Op::eval(operand<e.operand[0]>(s, p, w, block), operand<e.operand[1]>(s, p, w, block));
      else
        y = Op::eval(operand<e.operand[0]>(s, p, w, block), operand<e.operand[1]>(s, p, w, block),
                     operand<e.operand[2]>(s, p, w, block));
      write<v>(s, p, y, w);
    }
  }
  template <int First, class Width, int... Index, int... W>
  static HWY_INLINE void compute_all(state& s, position const& p, Width w, int block, std::integer_sequence<int, Index...>,
                                     std::integer_sequence<int, W...>) {
    (compute<First + Index>(s, p, w, block), ...);
    (write_if_here<W>(s, p, w, block), ...);
  }
  /// Values First .. at block p, register `block` of a tile's column.
  template <int First, class Width> static HWY_INLINE void run(state& s, position const& p, Width w, int block = 0) {
    static_assert(!st.row);
    compute_all<First>(s, p, w, block, std::make_integer_sequence<int, count - First>{},
                       std::make_integer_sequence<int, P::stores>{});
  }

  // ---- rows ----
  /// f(block, position, width) for each register of the row at p.
  template <class F, int... Block>
  static HWY_INLINE void for_blocks(position const& p, F const& f, std::integer_sequence<int, Block...>) {
    constexpr int rest = space.extent[lane_axis] % lanes::count;
    auto one = [&](auto block) {
      position q = p;
      q.at[lane_axis] = block * lanes::count;
      if constexpr (block + 1 < blocks || rest == 0) f(block, q, all_lanes{});
      else f(block, q, some_lanes{rest});
    };
    (one(std::integral_constant<int, Block>{}), ...);
  }
  template <class F> static HWY_INLINE void for_blocks(position const& p, F const& f) {
    for_blocks(p, f, std::make_integer_sequence<int, blocks>{});
  }
  template <int Index> static HWY_INLINE void compute_row(state& s, position const& p) {
    constexpr entry e = values::template at<Index>;
    constexpr int v = e.v;
    for_blocks(p, [&](int block, position const& q, auto w) { compute<Index>(s, q, w, block); });
    if constexpr (e.in_row) {
      lanes* const x = s.value[e.slot];
      for (int b = 1; b < blocks; ++b) x[0] = joined<e.how>(x[0], x[b]);
      const number y = across<e.how>(x[0]);
      for (int b = 0; b < blocks; ++b) x[b] = lanes(y);
      if constexpr (P::template planned_at<v>.place.offset >= 0) {
        position q = p;
        q.at[lane_axis] = 0;
        *address<v>(s, q) = y;
      }
    }
  }
  template <int First, int... Index, int... W> static HWY_INLINE void compute_rows(state& s, position const& p,
                                                                                   std::integer_sequence<int, Index...>,
                                                                                   std::integer_sequence<int, W...>) {
    (compute_row<First + Index>(s, p), ...);
    for_blocks(p, [&](int block, position const& q, auto w) { (write_if_here<W>(s, q, w, block), ...); });
  }
  /// Values First .. of the row at p.
  template <int First> static HWY_INLINE void run_row(state& s, position const& p) {
    compute_rows<First>(s, p, std::make_integer_sequence<int, count - First>{}, std::make_integer_sequence<int, P::stores>{});
  }

  // ---- reductions that add up ----
  template <int... K> static HWY_INLINE void start(state& s, std::integer_sequence<int, K...>) {
    for (int b = 0; b < totals; ++b) ((s.total[K][b] = lanes(neutral<values::template sum_at<K>.how>)), ...);
  }
  static HWY_INLINE void start(state& s) { start(s, std::make_integer_sequence<int, sums>{}); }

  /// Adds the totals of one block of work to those of another.
  template <int... K> static HWY_INLINE void add_totals(state& to, state const& from, std::integer_sequence<int, K...>) {
    for (int b = 0; b < totals; ++b)
      ((to.total[K][b] = joined<values::template sum_at<K>.how>(to.total[K][b], from.total[K][b])), ...);
  }
  static HWY_INLINE void add_totals(state& to, state const& from) { add_totals(to, from, std::make_integer_sequence<int, sums>{}); }

  /// Writes total K of register `block`, or, of a reduction along the lanes, those of all.
  template <int K, class Width> static HWY_INLINE void end(state& s, position p, Width w, int block) {
    constexpr entry e = values::template sum_at<K>;
    constexpr int v = e.v;
    for (int q = 0; q < max_rank; ++q)
      if (st.reduces[q]) p.at[q] = 0;
    number* const to = address<v>(s, p);
    if constexpr (st.reduces[lane_axis]) {
      lanes t = s.total[K][0];
      for (int b = 1; b < totals; ++b) t = joined<e.how>(t, s.total[K][b]);
      const number x = across<e.how>(t);
      if constexpr (!in_parts<v>) *to = x;
      else if (s.m.first) *to = x;
      else *to = e.how == combine::sum ? *to + x : larger(*to, x);
    } else {
      lanes& t = s.total[K][totals == 1 ? 0 : block];
      if constexpr (in_parts<v>)
        if (!s.m.first) t = joined<e.how>(stored<v>(s, p, w), t);
      store_lanes(to, t, w);
    }
  }
  template <int... K, class Width>
  static HWY_INLINE void end(state& s, position const& p, Width w, int block, std::integer_sequence<int, K...>) {
    (end<K>(s, p, w, block), ...);
  }
  template <class Width> static HWY_INLINE void end(state& s, position const& p, Width w, int block = 0) {
    end(s, p, w, block, std::make_integer_sequence<int, sums>{});
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace knit::simd
