// SPDX-License-Identifier: BSL-1.0
// map.hpp -- in: a step of a plan that is neither contraction nor scan. out: loops over its space, and copies that are no view.
#pragma once
#include <knit/backend/steps.hpp>
#include <numeric>

namespace knit::simd {
inline namespace HWY_NAMESPACE {

/// A step of kind map over one slab.
template <class P, int S> struct map_step {
  using B = body<P, S>;
  using lanes = typename B::lanes;
  static constexpr step st = P::template step_at<S>;
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
    shape now;
  };

  template <int Axis> static HWY_INLINE int end(bounds const& b) {
    if constexpr (st.space.name[Axis] != 0) return b.now.extent[Axis];
    else return st.space.extent[Axis];
  }
  /// Loops D .. E - 1 of `order`, around f(p).
  template <int D, int E, class F> static HWY_INLINE void loops(bounds const& b, position& p, F const& f) {
    if constexpr (D == E) f(p);
    else {
      constexpr int q = order[D];
      const int lo = q == st.cut ? b.lo : 0, hi = q == st.cut ? b.hi : end<q>(b);
      for (int i = lo; i < hi; ++i) {
        p.at[q] = i;
        loops<D + 1, E>(b, p, f);
      }
    }
  }
  // Slabs start at multiples of whole blocks, so only an extent that is none leaves a rest.
  static constexpr bool rest = st.space.extent[lane] % lanes::count != 0 || st.space.name[lane] != 0 ||
                               (lane == st.cut && P::template region_at<st.region>.granule % lanes::count != 0);
  /// From so many values on a step with a rest is compiled once, for any number of lanes, and not twice.
  static constexpr int large = 48;

  template <class F> static HWY_INLINE void lane_loop(bounds const& b, position& p, F const& f) {
    const int lo = lane == st.cut ? b.lo : 0, hi = lane == st.cut ? b.hi : end<lane>(b);
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

  /// Rows that are in registers at once, one after the other.
  static HWY_INLINE void rows(typename B::state& s, bounds const& b, position& p) {
    if constexpr (!st.any_reduction) loops<0, outer>(b, p, [&](position& at) { B::template run_row<0>(s, at); });
    else
      loops<0, kept>(b, p, [&](position& at) {
        B::start(s);
        position inner = at;
        loops<kept, outer>(b, inner, [&](position& r) { B::template run_row<0>(s, r); });
        if constexpr (lane_kept) B::for_blocks(at, [&](int block, position const& q, auto w) { B::end(s, q, w, block); });
        else B::end(s, at, all_lanes{});
      });
  }

  static void run(typename P::memory const& m) {
    const typename B::context c(m);
    typename B::state s(c);
    const bounds b{m.lo, m.hi, shape_now<P>(st.space, m.leaves)};
    position p{};
    if constexpr (st.row) rows(s, b, p);
    else if constexpr (!st.any_reduction)
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
        loops<kept, outer>(b, inner,
                           [&](position& r) { lane_loop(b, r, [&](position& q, auto w) { B::template run<0>(s, q, w); }); });
        B::end(s, at, all_lanes{});
      });
  }
};

/// A reshape that moves elements, by runs of those that lie side by side on both sides.
template <class P, int S> struct copy_step : copied_value<P, S> {
  using copied = copied_value<P, S>;
  using copied::st, copied::v, copied::u, copied::to, copied::from, copied::axis;
  static constexpr int length = std::gcd(from.extent[0], to.extent[0]);
  static constexpr long runs = copied::size / length;
  static constexpr bool along = axis == 0 && st.cut == 0;  ///< runs go along that axis, so a slab is a part of each
  static constexpr bool among = axis != no_axis && !along;  ///< a slab is some of the runs
  /// Runs for each place along the axis, and such places.
  static constexpr long below = among ? copied::apart / length : runs;
  static constexpr int places = among ? to.extent[axis] : 1;

  static void run(typename P::memory const& m) {
    const shape now = shape_now<P>(to, m.leaves);
    const int lo = among ? m.lo : 0, hi = among ? m.hi : 1;
    for (long above = 0; above < runs / (below * places); ++above)
      for (int i = lo; i < hi; ++i)
        for (long k = 0; k < below; ++k) copy(m, now, ((above * places + i) * below + k) * length);
  }

 private:
  static position place(shape const& s, long number) {
    position p{};
    for (int q = 0; q < max_rank; ++q) {
      p.at[q] = int(number % s.extent[q]);
      number /= s.extent[q];
    }
    return p;
  }
  /// The run that begins with element `number`, if there is one now.
  static void copy(typename P::memory const& m, shape const& now, long number) {
    using number_type = typename P::number;
    constexpr buffer b = P::template planned_at<v>.place;
    constexpr strides by = strides_within(b.extents, b.leading, b.beside);
    position p = place(from, number), q = place(to, number);
    for (int x = 1; x < max_rank; ++x)
      if (q.at[x] >= now.extent[x]) return;
    int n = now.extent[0] - q.at[0] < length ? now.extent[0] - q.at[0] : length;
    if constexpr (along) {
      n = m.hi - m.lo;
      p.at[0] = q.at[0] = m.lo;
    }
    number_type* at = (b.own ? m.own : m.arena) + b.offset + by.to(q.at);
    if constexpr (b.slab_axis != no_axis) at -= m.lo * by.along[b.slab_axis];
    if constexpr (reader<P, u>::panels) {  // a run may go from one panel to the next
      for (; n > 0; --n, ++p.at[0]) *at++ = reader<P, u>::one(m, p);
    } else {
      constexpr int count = basic_lanes<number_type>::count;
      for (; n >= count; n -= count, p.at[0] += count, at += count)
        store_lanes(at, reader<P, u>::template along<0>(m, p, all_lanes{}), all_lanes{});
      if (n > 0) store_lanes(at, reader<P, u>::template along<0>(m, p, some_lanes{n}), some_lanes{n});
    }
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace knit::simd
