// SPDX-License-Identifier: BSL-1.0
// promises.hpp -- in: a plan. out: what it promises of each kernel: multiply-adds, by tensor cores or not, and accesses of several elements at once.
#pragma once
#include <knit/backend/cuda/kernel.hpp>

namespace promises {

using knit::cuda::step_of;

/// Of the machine code of a kernel, at least: multiply-adds in the unrolled inner loops of its products, loads and stores
/// of four floats; whether there may be loads of single bytes; and what tensor cores are given in those loops.
struct of_code {
  int fma = 0, loads = 0, stores = 0, bytes = 0, mma = 0;
};

template <class P, int S> inline constexpr bool is_product = requires { step_of<P, S>::tile; };
template <class P, int S> inline constexpr bool in_bf16 =
    requires { requires std::is_same_v<typename step_of<P, S>::entry, knit::cuda::bf16_pair>; };
template <class P, int S> inline constexpr bool is_contraction = requires { step_of<P, S>::terms; };
template <class P, int S> inline constexpr bool in_fours = requires { requires step_of<P, S>::width == 4; };
template <class P, int S> constexpr int level_of() { return P::template region_of<S>.level; }

// ---- accesses --------------------------------------------------------------------------------------

/// Is value V, read along an axis (no_axis: one by one), four floats that lie side by side in memory?
template <class P, int V> constexpr bool loaded_in_fours(int axis) {
  using R = knit::cuda::reader<P, V>;
  return axis != knit::no_axis && sizeof(typename P::number) == 4 && (!R::is_leaf || R::info.holds == knit::element::f32) &&
         R::template side_by_side<4>(axis);
}
/// Different values that step S reads so; what a compiler may load once for several columns counts once.
template <class P, int S> constexpr int loads_of_step() {
  if constexpr (!in_fours<P, S>) return 0;
  else {
    using B = typename step_of<P, S>::B;
    bool seen[P::nodes]{};
    int n = 0;
    auto operand = [&]<int Index, int K>() {
      constexpr int v = B::values::template at<Index>.v;
      using Op = typename P::template op<v>;
      if constexpr (knit::info_of<Op>.what != knit::kind::contract && K < Op::arity) {
        constexpr int u = knit::field(P::template at<v>, K), base = P::template value_at<u>.seen.node;
        if (B::values::template at<Index>.operand[K].slot >= 0 || seen[base] || !loaded_in_fours<P, u>(B::lane_axis)) return;
        seen[base] = true;
        ++n;
      }
    };
    [&]<int... Index>(std::integer_sequence<int, Index...>) {
      ((operand.template operator()<Index, 0>(), operand.template operator()<Index, 1>(), operand.template operator()<Index, 2>()),
       ...);
    }(std::make_integer_sequence<int, B::count>{});
    if constexpr (is_product<P, S>) {
      using Q = step_of<P, S>;
      auto loads = [&]<class Loader>(std::type_identity<Loader>, bool fours) {
        return Loader::unit == 4 && fours ? Loader::rounds * Loader::loads : 0;
      };
      n += loads(std::type_identity<typename Q::load_a>{},
                 loaded_in_fours<P, Q::T::template operand<Q::letters.side>>(Q::load_a::axis));
      n += loads(std::type_identity<typename Q::load_b>{},
                 loaded_in_fours<P, Q::T::template operand<1 - Q::letters.side>>(Q::load_b::axis));
    }
    return n;
  }
}
/// Is value V, read along an axis so many at once, made of bytes that are read one by one?
template <class P, int V> constexpr bool of_single_bytes(int axis, int at_once) {
  using R = knit::cuda::reader<P, V>;
  const int q = axis == knit::no_axis ? axis : R::from.axis[axis];
  if constexpr (R::recomputed)
    return [&]<int... K>(std::integer_sequence<int, K...>) {
      return (of_single_bytes<P, knit::field(P::template at<R::base>, K)>(q, at_once) || ...);
    }(std::make_integer_sequence<int, R::arity>{});
  else
    return R::is_leaf && knit::bytes_of(R::info.holds) == 1 &&
           (at_once < 4 || q == knit::no_axis || !R::template side_by_side<4>(axis));
}
template <class P, int S> constexpr bool single_bytes_of_step() {
  if constexpr (!requires { typename step_of<P, S>::B; }) return false;
  else {
    using B = typename step_of<P, S>::B;
    bool any = false;
    auto operand = [&]<int Index, int K>() {
      constexpr int v = B::values::template at<Index>.v;
      using Op = typename P::template op<v>;
      if constexpr (K < Op::arity) {
        constexpr int u = knit::field(P::template at<v>, K);
        int axis = B::lane_axis, at_once = in_fours<P, S> ? 4 : 1;
        if constexpr (knit::info_of<Op>.what == knit::kind::contract) {
          at_once = 1;
          if constexpr (is_product<P, S>) {
            using Q = step_of<P, S>;
            axis = K == Q::letters.side ? Q::load_a::axis : Q::load_b::axis,
            at_once = K == Q::letters.side ? Q::load_a::unit : Q::load_b::unit;
          }
        }
        any = any || (B::values::template at<Index>.operand[K].slot < 0 && of_single_bytes<P, u>(axis, at_once));
      }
    };
    [&]<int... Index>(std::integer_sequence<int, Index...>) {
      ((operand.template operator()<Index, 0>(), operand.template operator()<Index, 1>(), operand.template operator()<Index, 2>()),
       ...);
    }(std::make_integer_sequence<int, B::count>{});
    return any;
  }
}
/// Values that step S stores four elements at once, for each column that a thread has.
template <class P, int S> constexpr int stores_of_step() {
  if constexpr (!in_fours<P, S> || sizeof(typename P::number) != 4) return 0;
  else {
    using B = typename step_of<P, S>::B;
    int n = 0;
    for (int i = P::plan.steps[S].first; i < P::plan.steps[S].last; ++i) {
      const int v = P::plan.order[i];
      const knit::buffer b = P::plan.buffers[v];
      if (b.offset < 0 || P::graph.info(v).what == knit::kind::reduce) continue;
      n += strides_within(b.extents, b.leading).along[B::lane_axis] == 1 && B::whole(P::graph.extents[v], b.leading, b.offset);
    }
    for (int w = 0; w < P::plan.store_count; ++w) {
      if (P::plan.stores[w].step != S) continue;
      const knit::root r = P::graph.roots[P::plan.stores[w].root];
      const knit::shape e = P::graph.extents[r.node];
      if (r.state >= 0 && P::graph.leaves[r.state].holds != knit::element::f32) continue;
      const bool panels = r.state >= 0 && P::graph.leaves[r.state].lies.panels;
      n += panels ? B::lane_axis == 0 && e.extent[0] % 4 == 0
                  : strides_of(e, e.extent[0]).along[B::lane_axis] == 1 && B::whole(e, e.extent[0], 0);
    }
    if constexpr (is_product<P, S>) n *= step_of<P, S>::tile.thread_columns;
    return n;
  }
}
/// Multiply-adds of an instruction m16n8k16 of a warp.
inline constexpr int of_mma = 16 * 8 * 16;
/// Multiply-adds of a thread for the terms that a tile holds.
template <class P, int S> constexpr int products_of_step() {
  if constexpr (!is_product<P, S>) return 0;
  else {
    using Q = step_of<P, S>;
    return Q::tile.deep / Q::tile.splits * Q::tile.thread_columns * Q::tile.thread_rows;
  }
}

/// Of kernel K of a program.
template <class P, int K> constexpr of_code code_of() {
  of_code c;
  [&]<int... S>(std::integer_sequence<int, S...>) {
    auto one = [&]<int T>() {
      if (level_of<P, T>() != K) return;
      if (in_bf16<P, T>) c.mma += products_of_step<P, T>() * 32 / of_mma;
      else c.fma += products_of_step<P, T>();
      c.loads += loads_of_step<P, T>();
      c.stores += stores_of_step<P, T>();
      c.bytes += single_bytes_of_step<P, T>();
    };
    (one.template operator()<S>(), ...);
  }(std::make_integer_sequence<int, P::steps>{});
  return c;
}
/// Of all its kernels.
template <class P> struct of_program {
  of_code kernel[P::kernels];
};
template <class P> constexpr of_program<P> of_all() {
  of_program<P> all{};
  [&]<int... K>(std::integer_sequence<int, K...>) {
    ((all.kernel[K] = code_of<P, K>()), ...);
  }(std::make_integer_sequence<int, P::kernels>{});
  return all;
}

// ---- multiply-adds that are executed ---------------------------------------------------------------

/// Those of step S on a slab [lo, hi) of its region (without slabs: of all).
template <class P, int S> constexpr long products_on_slab(int lo, int hi) {
  auto of = [&]<class T>(int q, bool cut) { return cut ? hi - lo : T::extent(q); };
  if constexpr (is_product<P, S>) {
    using Q = step_of<P, S>;
    auto extent = [&](int q) { return of.template operator()<Q>(q, Q::cut(q)); };
    auto tiles = [&](int q, int by) { return long(extent(q) + by - 1) / by; };
    long n = tiles(Q::row, Q::tile.rows) * tiles(Q::column, Q::tile.columns) * tiles(Q::term, Q::tile.deep);
    for (int q = 0; q < Q::nowhere; ++q)
      if (Q::is_used(q) && q != Q::row && q != Q::column && q != Q::term) n *= extent(q);
    return n * Q::tile.rows * Q::tile.columns * Q::tile.deep;  // what of a tile is not there, is computed all the same
  } else if constexpr (is_contraction<P, S>) {
    using Q = step_of<P, S>;
    long n = 1;
    for (int q = 0; q < knit::max_rank; ++q) {
      if (Q::T::st.space.extent[q] > 1) n *= Q::T::st.cut == q && Q::T::of.extent > 1 ? hi - lo : Q::T::st.space.extent[q];
      if (Q::T::is_summed(q)) n *= of.template operator()<typename Q::T>(q, Q::T::is_cut(q));
    }
    return n;
  } else return 0;
}
/// By kernel K, where nothing but contractions multiplies and adds at once: one by one, or (Mma) instructions of tensor cores.
template <class P, int K, bool Mma = false> constexpr long fma_of() {
  long n = 0;
  auto step = [&]<int S>() {
    if constexpr (level_of<P, S>() == K && in_bf16<P, S> == Mma) {
      constexpr knit::region r = P::template region_of<S>;
      const long units = (r.extent + r.granule - 1) / r.granule;
      auto bound = [&](long slab) { return std::min(int(units * slab / r.slabs) * r.granule, r.extent); };
      if constexpr (r.slabs == 1) n += products_on_slab<P, S>(0, r.extent);
      else
        for (int s = 0; s < r.slabs; ++s) n += products_on_slab<P, S>(bound(s), bound(s + 1));
    }
  };
  [&]<int... S>(std::integer_sequence<int, S...>) {
    (step.template operator()<S>(), ...);
  }(std::make_integer_sequence<int, P::steps>{});
  return Mma ? n / of_mma : n;
}
template <class P, int K> constexpr long mma_of() { return fma_of<P, K, true>(); }

}  // namespace promises
