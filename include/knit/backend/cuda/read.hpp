// SPDX-License-Identifier: BSL-1.0
// read.hpp -- in: a value's number and coordinates. out: it, as a thread of a block reads it, wherever the plan put it.
#pragma once
#include <bit>
#include <knit/backend/cuda/gpu.hpp>
#include <knit/backend/seen_value.hpp>
#include <knit/backend/step_values.hpp>
#include <knit_kernels/cuda/lane.hpp>

namespace knit::cuda {

/// A block of a GPU, as what a plan is for: slabs many enough for its multiprocessors, one run each. A byte comes from the
/// cache that they share in the time of some twelve flops.
struct for_blocks {
  static constexpr tuning tune{.serial_below = 0,
                               .most_slabs = 128,
                               .most_runs = 128,
                               .part_terms = 128,
                               .slab_flops = 4096,
                               .column_tile = 8,
                               .slab_tiles = 1,
                               .few_slabs = 128,
                               .far_byte_flops = 12,
                               .lane_granule = 8,
                               .turned_below = 0,
                               .for_blocks = true,
                               .routine_flops = worth_of_routines(h100).flops,
                               .routine_byte_flops = worth_of_routines(h100).byte_flops,
                               // An H100 has 29 T threads' operations a second; its cache gives 1.4 T numbers, its memory 0.8.
                               .memory = {{2.5e5, 20, 20}, {5e7, 35, 35}}};
  static constexpr int multiprocessors = 132;  ///< that blocks are cut for: those of an H100; others have about as many
  static constexpr int most_blocks = 512;  ///< that share one step
};

/// What a kernel is given: the leaves, the arenas of all blocks and of each one, the outputs, the extents that names have.
template <class P> struct arguments {
  using number = typename P::number;
  void const* leaves[P::first_extent + 1];
  number* arena;
  number* scratch;  ///< P::own_floats for each block
  void* outputs[P::roots + 1];
  int extent[P::names.size + 1];
};
/// And where a block is: at [lo, hi) of the slab axis, in run number `run`, of which that slab is the first or not.
template <class P> struct memory {
  arguments<P> const& a;
  typename P::number* own;
  int lo = 0, hi = 0, run = 0;
  bool first = true;
};

struct position {
  int at[max_rank];
};

/// A few numbers beside each other, along the axis in lanes.
template <class T, int Width> struct pack {
  lane<T> at[Width];
};
template <class T, int Width> struct alignas(Width * sizeof(T)) aligned {
  T at[Width];
};

/// Stores them to shared memory at once: said so, as nvcc makes four stores of one where it holds them between barriers.
template <class T, int Width> KNIT_FN void to_shared(T* to, aligned<T, Width> const& x) {
#ifdef __CUDA_ARCH__
  if constexpr (sizeof(T) == 4 && Width == 4) {
    auto bits = [](T const& v) { return std::bit_cast<unsigned>(v); };
    asm volatile("st.shared.v4.b32 [%0], {%1, %2, %3, %4};" ::"r"(unsigned(__cvta_generic_to_shared(to))), "r"(bits(x.at[0])),
                 "r"(bits(x.at[1])), "r"(bits(x.at[2])), "r"(bits(x.at[3]))
                 : "memory");
    return;
  }
#endif
  *reinterpret_cast<aligned<T, Width>*>(to) = x;
}

/// The extent that axis Axis of a shape has now.
template <class P, long Name> KNIT_FN int extent_now(memory<P> const& m, int bound) {
  if constexpr (Name == 0) return bound;
  else {
    constexpr int k = P::names.find(Name);
    return m.a.extent[k];
  }
}
/// A shape with the extents that it has now.
template <class P, int S> KNIT_FN shape space_now(memory<P> const& m) {
  constexpr shape s = P::template step_at<S>.space;
  shape r = s;
  r.extent[0] = extent_now<P, s.name[0]>(m, s.extent[0]);
  r.extent[1] = extent_now<P, s.name[1]>(m, s.extent[1]);
  r.extent[2] = extent_now<P, s.name[2]>(m, s.extent[2]);
  r.extent[3] = extent_now<P, s.name[3]>(m, s.extent[3]);
  return r;
}

/// The larger of two; a NaN wins.
template <class T> KNIT_FN lane<T> larger(lane<T> a, lane<T> b) { return b != b ? b : b > a ? b : a; }

template <class T> KNIT_FN std::array<lane<T>, max_rank> coordinates(position const& p) {
  return {lane<T>(T(p.at[0])), lane<T>(T(p.at[1])), lane<T>(T(p.at[2])), lane<T>(T(p.at[3]))};
}

/// Op::eval. Named so that nvcc, where that is a function of the host alone, says which op it is and what it lacks.
template <class Op, class... A> KNIT_FN auto eval_that_says_KNIT_FN(A const&... a) { return Op::eval(a...); }
/// Op at each of a few numbers of its operands. No loop: what nvcc does to unroll one grows with all that there are in a kernel.
template <class Op, class T, int Width, class... X> KNIT_FN pack<T, Width> eval_each(pack<T, Width> const& x, X const&... more) {
  auto one = [&](int i) { return eval_that_says_KNIT_FN<Op>(x.at[i], more.at[i]...); };
  if constexpr (Width == 4) return {{one(0), one(1), one(2), one(3)}};
  else if constexpr (Width == 2) return {{one(0), one(1)}};
  else {
    static_assert(Width == 1);
    return {{one(0)}};
  }
}
/// Op that wants the coordinates of each of a few numbers, from p on along Axis; for a random one, which of these it is.
template <class Op, int Axis, class T, int Width>
KNIT_FN pack<T, Width> eval_indexed(position p, shape const& now, [[maybe_unused]] std::uint32_t which = 0,
                                    [[maybe_unused]] pack<T, Width> const& seed = {}) {
  pack<T, Width> r;
  for (int i = 0; i < Width; ++i, ++p.at[Axis]) {
    if constexpr (Op::arity == 0) r.at[i] = eval_that_says_KNIT_FN<Op>(coordinates<T>(p), now);
    else r.at[i] = eval_that_says_KNIT_FN<Op>(coordinates<T>(p), now, seed.at[i], which);
  }
  return r;
}

/// Reads value V of program P.
template <class P, int V> struct reader : seen_value<P, V> {
  using seen = seen_value<P, V>;
  using number = typename P::number;
  using seen::from, seen::base, seen::sampled, seen::what, seen::extents, seen::is_leaf, seen::leaf, seen::info, seen::panels,
      seen::find;
  /// Not stored: worked out by whoever reads it.
  static constexpr bool recomputed = what == role::inlined || P::template planned_at<base>.every_thread;
  static constexpr buffer place = P::template planned_at<base>.place;
  static_assert(place.beside == 0);
  static constexpr strides by = is_leaf ? strides_of(extents, extents.extent[0]) : strides_of(place.extents, place.leading);
  static constexpr long stride(int axis) { return from.axis[axis] == no_axis ? 0 : by.along[from.axis[axis]]; }
  template <int K> using operand = reader<P, field(P::template at<base>, K)>;
  static constexpr int arity = [] {
    if constexpr (recomputed) return P::template op<base>::arity;
    else return 0;
  }();
  /// All of an elementwise value that is worked out: f(reader of the operand) for each operand holds.
  template <class F> static constexpr bool all_operands(F const& f) {
    return [&]<int... K>(std::integer_sequence<int, K...>) {
      return (f(std::type_identity<operand<K>>{}) && ...);
    }(std::make_integer_sequence<int, arity>{});
  }
  /// Is it the same all along an axis?
  static constexpr bool repeats(int axis) { return !sampled && (what == role::constant || from.axis[axis] == no_axis); }
  /// Do Width elements along an axis lie side by side, where Width are loaded at once? Those that are worked out do if all that
  /// they are made of does.
  template <int Width> static constexpr bool side_by_side(int axis) {
    if constexpr (sampled) return false;
    else if constexpr (recomputed) {
      const int q = from.axis[axis];
      return q != no_axis &&
             all_operands([q]<class R>(std::type_identity<R>) { return R::repeats(q) || R::template side_by_side<Width>(q); });
    } else {
      if (repeats(axis)) return false;
      if (panels) return from.axis[axis] == 0 && panel_rows % Width == 0 && panel_pad % Width == 0;
      if (stride(axis) != 1) return false;
      for (int q = 0; q < max_rank; ++q)
        if (q != axis && stride(q) % Width != 0) return false;
      return is_leaf || (place.offset % Width == 0 && place.floats % Width == 0);
    }
  }

  KNIT_FN static auto const* data(memory<P> const& m) {
    if constexpr (is_leaf) {
      constexpr int number_of_leaf = leaf;
      void const* const p = m.a.leaves[number_of_leaf];
      if constexpr (info.holds == element::f32) return static_cast<float const*>(p);
      else if constexpr (info.holds == element::f64) return static_cast<double const*>(p);
      else if constexpr (info.holds == element::i32) return static_cast<std::int32_t const*>(p);
      else return static_cast<std::uint8_t const*>(p);
    } else {
      constexpr long offset = place.offset;
      return static_cast<number const*>((place.own ? m.own : m.a.arena) + offset);
    }
  }
  /// Where the element at p lies behind data(m).
  KNIT_FN static long offset(memory<P> const& m, position const& p) {
    if constexpr (panels) {
      constexpr int row_axis = find(0), column_axis = find(1);
      int row = 0, column = 0;
      if constexpr (row_axis >= 0) row = p.at[row_axis];
      if constexpr (column_axis >= 0) column = p.at[column_axis];
      constexpr shape e = extents;
      constexpr layout lies = info.lies;
      return long(lies.offset(e, row, column));
    } else {
      constexpr long s0 = stride(0), s1 = stride(1), s2 = stride(2), s3 = stride(3);
      long o = p.at[0] * s0 + p.at[1] * s1 + p.at[2] * s2 + p.at[3] * s3;
      if constexpr (!is_leaf && place.slab_axis != no_axis && find(place.slab_axis) >= 0) {
        constexpr long back = by.along[place.slab_axis];
        o -= m.lo * back;
      }
      return o;
    }
  }

  /// One element as a number.
  KNIT_FN static lane<number> one(memory<P> const& m, position const& p) {
    if constexpr (sampled) {
      position q = p;
      if (locate<P, V>(m, q)) return reader<P, base>::one(m, q);
      return number(0);
    } else if constexpr (what == role::constant) {
      constexpr number c = number(P::template value_at<base>.constant);
      return c;
    } else if constexpr (recomputed) return work_out<0, 1>(m, in_base(p)).at[0];
    else if constexpr (is_leaf && leaf >= P::first_extent) {
      constexpr int k = leaf - P::first_extent;
      return number(m.a.extent[k]);
    } else {
      auto const* const d = data(m) + offset(m, p);
      lane<number> v = number(*d);
      constexpr int parts = is_leaf ? 1 : place.parts;
      constexpr long apart = is_leaf ? 0 : place.floats;
      for (int k = 1; k < parts; ++k) v = combined(v, number(d[k * apart]));
      return v;
    }
  }
  /// Width elements from p on along Axis; those from `count` on are not there.
  template <int Axis, int Width> KNIT_FN static pack<number, Width> along(memory<P> const& m, position p, int count) {
    pack<number, Width> r;
    if constexpr (repeats(Axis)) {
      const lane<number> x = one(m, p);
      for (int i = 0; i < Width; ++i) r.at[i] = x;
    } else if constexpr (Width > 1 && recomputed && side_by_side<Width>(Axis)) {
      constexpr int q = from.axis[Axis];
      r = work_out<q, Width>(m, in_base(p));
    } else if constexpr (Width > 1 && side_by_side<Width>(Axis)) {
      auto const* const d = data(m) + offset(m, p);
      using T = std::remove_cvref_t<decltype(*d)>;
      constexpr int parts = is_leaf ? 1 : place.parts;
      constexpr long apart = is_leaf ? 0 : place.floats;
      aligned<T, Width> x = *reinterpret_cast<aligned<T, Width> const*>(d);
      for (int i = 0; i < Width; ++i) r.at[i] = lane<number>(number(x.at[i]));
      for (int k = 1; k < parts; ++k) {
        x = *reinterpret_cast<aligned<T, Width> const*>(d + k * apart);
        for (int i = 0; i < Width; ++i) r.at[i] = combined(r.at[i], lane<number>(number(x.at[i])));
      }
    } else
      for (int i = 0; i < Width; ++i) {
        r.at[i] = i < count ? one(m, p) : lane<number>(number(0));
        ++p.at[Axis];
      }
    return r;
  }

 private:
  KNIT_FN static lane<number> combined(lane<number> a, lane<number> b) {
    if constexpr (is_leaf) return a + b;
    else if constexpr (info_of<typename P::template op<base>>.how == combine::sum) return a + b;
    else return larger(a, b);
  }
  /// Where in the base what is read at p is.
  KNIT_FN static position in_base(position const& p) {
    position q{};
    constexpr int a0 = find(0), a1 = find(1), a2 = find(2), a3 = find(3);
    if constexpr (a0 >= 0) q.at[0] = p.at[a0];
    if constexpr (a1 >= 0) q.at[1] = p.at[a1];
    if constexpr (a2 >= 0) q.at[2] = p.at[a2];
    if constexpr (a3 >= 0) q.at[3] = p.at[a3];
    return q;
  }
  template <int K, int Axis, int Width> KNIT_FN static pack<number, Width> read_operand(memory<P> const& m, position const& q) {
    return operand<K>::template along<Axis, Width>(m, q, Width);
  }
  /// Width elements of the base from q on along Axis, worked out.
  template <int Axis, int Width> KNIT_FN static pack<number, Width> work_out(memory<P> const& m, position const& q) {
    using Op = typename P::template op<base>;
    if constexpr (info_of<Op>.indexed) {
      const shape now = space_now<P, P::template planned_at<base>.step>(m);
      if constexpr (arity == 0) return eval_indexed<Op, Axis, number, Width>(q, now);
      else return eval_indexed<Op, Axis, number, Width>(q, now, field(P::template at<base>, 2), read_operand<0, Axis, Width>(m, q));
    } else if constexpr (arity == 1) return eval_each<Op>(read_operand<0, Axis, Width>(m, q));
    else if constexpr (arity == 2) return eval_each<Op>(read_operand<0, Axis, Width>(m, q), read_operand<1, Axis, Width>(m, q));
    else
      return eval_each<Op>(read_operand<0, Axis, Width>(m, q), read_operand<1, Axis, Width>(m, q),
                           read_operand<2, Axis, Width>(m, q));
  }
};

}  // namespace knit::cuda
