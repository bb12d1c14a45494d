// SPDX-License-Identifier: BSL-1.0
// read.hpp -- in: a value's number and coordinates. out: lanes of it, from wherever the plan put it.
#pragma once
#include <knit/backend/seen_value.hpp>
#include <knit_kernels/simd/lanes.hpp>
#include <knit_kernels/simd/math.hpp>

namespace knit::simd {
inline namespace HWY_NAMESPACE {

/// f on each pair of lanes, one after the other: for functions that have no lanes form.
template <class T, class F> basic_lanes<T> each(basic_lanes<T> a, basic_lanes<T> b, F f) {
  using V = basic_lanes<T>;
  T x[V::count], y[V::count];
  store(x, a);
  store(y, b);
  for (int i = 0; i < V::count; ++i) x[i] = f(x[i], y[i]);
  return load(x);
}

// How many lanes a block of work fills: all, or the first n at the end of an axis.
struct all_lanes {};
struct some_lanes {
  int n;
};
template <class T> constexpr int filled(all_lanes) { return basic_lanes<T>::count; }
template <class T> HWY_INLINE int filled(some_lanes w) { return w.n; }
template <class T, class Memory> HWY_INLINE basic_lanes<T> load_lanes(Memory const* p, all_lanes) { return load_as<T>(p); }
template <class T, class Memory> HWY_INLINE basic_lanes<T> load_lanes(Memory const* p, some_lanes w) {
  return load_n_as<T>(p, w.n);
}
template <class T, class Memory> HWY_INLINE void store_lanes(Memory* p, basic_lanes<T> v, all_lanes) { store(p, v); }
template <class T, class Memory> HWY_INLINE void store_lanes(Memory* p, basic_lanes<T> v, some_lanes w) { store_n(p, v, w.n); }

struct position {
  int at[max_rank];
};

template <class P, int V> typename P::number scalar_value(typename P::memory const& m);

/// The larger of two numbers or lanes; a NaN wins.
template <class T> HWY_INLINE T larger(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) return b != b ? b : b > a ? b : a;
  else return select(b != b, b, max(b, a));
}

/// Reads value V of program P.
template <class P, int V> struct reader : seen_value<P, V> {
  using seen = seen_value<P, V>;
  using number = typename P::number;
  using lanes = basic_lanes<number>;
  using memory = typename P::memory;
  using seen::from, seen::base, seen::sampled, seen::what, seen::extents, seen::is_leaf, seen::leaf, seen::info, seen::panels,
      seen::find;
  static constexpr buffer place = [] {
    buffer b = P::template planned_at<base>.place;
    if (b.combined_in >= 0) {  // each thread has added up the parts
      b.offset = b.combined;
      b.own = true;
      b.parts = 1;
    }
    return b;
  }();
  static constexpr bool one_panel = panels && extents.extent[0] <= panel_rows;  ///< so its columns are as far apart everywhere
  static constexpr strides by = is_leaf
                                    ? strides_of(extents, one_panel ? layout::panel_width(extents.extent[0], 0) : extents.extent[0])
                                    : strides_of(place.extents, place.leading, place.beside);

  static constexpr long stride(int axis) { return from.axis[axis] == no_axis ? 0 : by.along[from.axis[axis]]; }

  static auto* data(memory const& m) {
    if constexpr (is_leaf) {
      void const* p = m.leaves[leaf];
      if constexpr (info.holds == element::f32) return static_cast<float const*>(p);
      else if constexpr (info.holds == element::f64) return static_cast<double const*>(p);
      else if constexpr (info.holds == element::i32) return static_cast<std::int32_t const*>(p);
      else return static_cast<std::uint8_t const*>(p);
    } else return static_cast<number const*>((place.own ? m.own : m.arena) + place.offset);
  }
  /// Where the element at p lies behind data(m).
  static HWY_INLINE long offset(memory const& m, position const& p) {
    if constexpr (panels) {
      constexpr int row_axis = find(0), column_axis = find(1);
      const int row = row_axis < 0 ? 0 : p.at[row_axis], column = column_axis < 0 ? 0 : p.at[column_axis];
      return long(info.lies.offset(extents, row, column));
    } else {
      constexpr strides seen{{stride(0), stride(1), stride(2), stride(3)}};
      if constexpr (place.slab_axis != no_axis && find(place.slab_axis) >= 0)
        return seen.to(p.at) - m.lo * by.along[place.slab_axis];
      else return seen.to(p.at);
    }
  }
  /// One element as a number.
  static HWY_INLINE number one(memory const& m, position const& p) {
    if constexpr (sampled) {
      position q = p;
      return locate<P, V>(m, q) ? reader<P, base>::one(m, q) : number(0);
    } else if constexpr (what == role::constant) return number(P::template value_at<base>.constant);
    else if constexpr (what == role::inlined) return scalar_value<P, base>(m);
    else {
      auto const* d = data(m) + offset(m, p);
      number v = number(*d);
      for (int k = 1; k < place.parts; ++k) v = combined(v, number(d[k * place.floats]));
      return v;
    }
  }
  /// Lanes along Axis from p on.
  template <int Axis, class Width> static HWY_INLINE lanes along(memory const& m, position const& p, Width w) {
    if constexpr (sampled && from.axis[Axis] != no_axis) {  // nothing slides along it, so all are there, side by side, or none
      position q = p;
      return locate<P, V>(m, q) ? reader<P, base>::template along<from.axis[Axis]>(m, q, w) : lanes(0);
    } else if constexpr (sampled) return sampled_along<Axis>(m, p, filled<number>(w));
    else if constexpr (what == role::constant || what == role::inlined) return lanes(one(m, p));
    else {
      auto const* d = data(m) + offset(m, p);
      lanes v = block<Axis>(d, p, w);
      for (int k = 1; k < place.parts; ++k) v = combined(v, block<Axis>(d + k * place.floats, p, w));
      return v;
    }
  }
  /// Lanes along Axis of what lies at d, which is at p.
  template <int Axis, class T, class Width> static HWY_INLINE lanes block(T const* d, position const& p, Width w) {
    (void)p, (void)w;
    if constexpr (from.axis[Axis] == no_axis) return lanes(number(*d));
    else if constexpr (panels && from.axis[Axis] == 1) {
      constexpr int row_axis = find(0);
      return spread(d, layout::panel_width(extents.extent[0], row_axis < 0 ? 0 : p.at[row_axis]), w);
    } else if constexpr (panels || stride(Axis) == 1) return load_lanes<number>(d, w);
    else return spread(d, int(stride(Axis)), w);
  }

 private:
  /// Elements that are located one by one.
  template <int Axis> static HWY_INLINE lanes sampled_along(memory const& m, position p, int n) {
    number x[lanes::count] = {};
    for (int i = 0; i < n; ++i, ++p.at[Axis]) x[i] = one(m, p);
    return load(x);
  }
  /// Elements that do not lie side by side.
  template <class T, class Width> static HWY_INLINE lanes spread(T const* d, int apart, Width w) {
    if constexpr (std::is_same_v<T, number>) return gather_n(d, apart, filled<number>(w));
    else {
      number x[lanes::count] = {};
      for (int i = 0; i < filled<number>(w); ++i) x[i] = number(d[long(i) * apart]);
      return load(x);
    }
  }
  template <class T> static HWY_INLINE T combined(T a, T b) {
    if constexpr (is_leaf) return a + b;
    else if constexpr (info_of<typename P::template op<base>>.how == combine::sum) return a + b;
    else return larger(a, b);
  }
};

/// A scalar that its readers compute: no node of its own, no memory.
template <class P, int V> typename P::number scalar_value(typename P::memory const& m) {
  constexpr node n = P::template at<V>;
  using Op = typename P::template op<V>;
  constexpr position origin{};
  if constexpr (Op::arity == 1) return Op::eval(reader<P, field(n, 0)>::one(m, origin));
  else if constexpr (Op::arity == 2)
    return Op::eval(reader<P, field(n, 0)>::one(m, origin), reader<P, field(n, 1)>::one(m, origin));
  else
    return Op::eval(reader<P, field(n, 0)>::one(m, origin), reader<P, field(n, 1)>::one(m, origin),
                    reader<P, field(n, 2)>::one(m, origin));
}

}  // namespace HWY_NAMESPACE
}  // namespace knit::simd
