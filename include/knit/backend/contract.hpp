// SPDX-License-Identifier: BSL-1.0
// contract.hpp -- in: a contraction of a plan. out: register tiles of it, each finished by the step's epilogue.
#pragma once
#include <knit/backend/steps.hpp>
#include <knit_kernels/simd/gemm.hpp>

namespace knit::simd {
inline namespace HWY_NAMESPACE {

/// A step of kind contract over one slab: C(m, n) = sum over k of A(m, k) B(k, n), m in lanes. Which operand
/// plays A, and how each is read, follows from the letters and from where the values lie.
template <class P, int S> struct contract_step {
  using B = body<P, S>;
  using number = typename P::number;
  using lanes = basic_lanes<number>;
  using memory = typename P::memory;
  static constexpr step st = P::plan.steps[S];
  static constexpr int v = P::plan.order[st.first];
  static constexpr op_info const& info = P::graph.info(v);
  static constexpr int lane = B::lane_axis;
  static constexpr int other = lane == 0 ? 1 : 0;
  static constexpr char m_letter = info.labels[2][lane];
  static constexpr char n_letter = info.labels[2][0] && info.labels[2][1] ? info.labels[2][other] : '\0';
  static constexpr int a_side = axis_of_letter(info, 0, m_letter) != no_axis ? 0 : 1;
  static constexpr int b_side = 1 - a_side;
  static constexpr char k_letter = [] {
    for (int i = 0; info.labels[0][i]; ++i)
      if (axis_of_letter(info, 2, info.labels[0][i]) == no_axis) return info.labels[0][i];
    return '\0';
  }();
  static constexpr int contracted = [] {
    int n = 0;
    for (int i = 0; info.labels[0][i]; ++i) n += axis_of_letter(info, 2, info.labels[0][i]) == no_axis;
    return n;
  }();
  static constexpr int extent_of(int k, char letter) {
    const int q = letter ? axis_of_letter(info, k, letter) : no_axis;
    return q == no_axis ? 1 : P::graph.extents[P::graph.operand(v, k)].extent[q];
  }
  static constexpr int M = extent_of(a_side, m_letter), N = extent_of(b_side, n_letter), K = extent_of(0, k_letter);
  /// Two axes at most in the result, one summed over, no batch axis: what the register tile does.
  static constexpr bool is_product = !P::graph.extents[v].named() && !P::graph.extents[P::graph.operand(v, 0)].named() && !(info.labels[2][0] && info.labels[2][1] && info.labels[2][2]) && contracted <= 1 &&
                                     axis_of_letter(info, b_side, m_letter) == no_axis &&
                                     (!n_letter || axis_of_letter(info, a_side, n_letter) == no_axis);

  using A = reader<P, field(P::template at<v>, a_side)>;
  using Bm = reader<P, field(P::template at<v>, b_side)>;
  static constexpr int a_m = axis_of_letter(info, a_side, m_letter);
  static constexpr int a_k = k_letter ? axis_of_letter(info, a_side, k_letter) : no_axis;
  static constexpr int b_k = k_letter ? axis_of_letter(info, b_side, k_letter) : no_axis;
  static constexpr int b_n = n_letter ? axis_of_letter(info, b_side, n_letter) : no_axis;

  template <class R> static constexpr bool direct_source =
      (R::what == role::leaf && R::info.holds == element_of<number>()) || (R::what == role::computed && R::place.parts == 1);
  template <class R> static constexpr int base_axis(int axis) { return axis == no_axis ? no_axis : R::from.axis[axis]; }
  template <class R> static constexpr long step_along(int axis) { return axis == no_axis ? 0 : R::stride(axis); }

  static constexpr bool a_panels = direct_source<A> && A::panels && base_axis<A>(a_m) == 0 && (a_k == no_axis || base_axis<A>(a_k) == 1 || K == 1);
  static constexpr bool a_plain = direct_source<A> && !A::panels && base_axis<A>(a_m) != no_axis && step_along<A>(a_m) == 1;
  static constexpr bool a_direct = a_panels || a_plain;
  static constexpr bool b_plain = direct_source<Bm> && !Bm::panels;
  static constexpr bool b_panels = direct_source<Bm> && Bm::panels && b_k != no_axis && base_axis<Bm>(b_k) == 0 && (b_n == no_axis || base_axis<Bm>(b_n) == 1);
  static constexpr bool b_direct = b_plain || b_panels;

  static constexpr int b_columns = Bm::extents.extent[1];
  /// A tile has the rows of a panel, or, of doubles, of two registers: 2 x 14 of 32 are wider than 4 x 6 and as fast or faster
  /// (98 percent of peak against 93 with K = 784), 2 x 6 fit 16 registers.
  static constexpr bool single = std::is_same_v<number, float>;
  static constexpr int rows = single || 2 * lanes::count > panel_rows ? panel_rows : 2 * lanes::count;
  static constexpr int full_vectors = rows / lanes::count;
  static constexpr int widest = full_vectors * 14 + full_vectors + 1 <= 32 && lanes::count >= (single ? 16 : 8) ? 14 : 6;
  static constexpr int tail_rows = M % rows;
  static constexpr int most_packed = 1 << 13;

  static constexpr bool cut_k = st.cut >= contracted_cut;  ///< each slab sums its part of the contracted axis
  static constexpr bool cut_m = st.cut == lane, cut_n = n_letter != '\0' && st.cut == other;

  /// Widths of register tiles that occur: slabs and the tiles of a slab are as equal as can be.
  static constexpr auto widths = [] {
    std::array<bool, 16> used{};
    auto mark = [&](int w) {
      const int tiles = (w + widest - 1) / widest;
      for (int t = 0; t < tiles; ++t) used[std::size_t(w * (t + 1) / tiles - w * t / tiles)] = true;
    };
    constexpr region r = P::plan.regions[st.region];
    if (cut_n)
      for (int s = 0; s < r.slabs; ++s) mark(r.bound(s + 1) - r.bound(s));
    else mark(N);
    return used;
  }();

  /// Element (m, k) of A or (k, n) of B, wherever it lies.
  static number a_element(memory const& mem, int m, int k) {
    position p{};
    p.at[a_m] = m;
    if constexpr (a_k != no_axis) p.at[a_k] = k;
    return A::one(mem, p);
  }
  static number b_element(memory const& mem, int k, int n) {
    position p{};
    if constexpr (b_k != no_axis) p.at[b_k] = k;
    if constexpr (b_n != no_axis) p.at[b_n] = n;
    return Bm::one(mem, p);
  }

  /// Rows m0 .. of A as a panel, for operands whose rows do not lie side by side.
  static void pack_a(memory const& mem, int m0, int count, number* to) {
    constexpr bool k_contiguous = direct_source<A> && base_axis<A>(a_m) != no_axis && a_k != no_axis && base_axis<A>(a_k) != no_axis;
    if constexpr (k_contiguous && A::panels) {  // a transposed weight: k runs along the rows of its panels
      constexpr int k_full = K / panel_rows * panel_rows;
      number const* const w = A::data(mem);
      constexpr int columns = A::extents.extent[1];
      for (int k = 0; k < k_full; k += panel_rows)
        pack_transposed<panel_rows, rows>(to + k * rows, w + long(k) * columns + long(m0) * panel_rows, panel_rows, count);
      if constexpr (K > k_full) {
        constexpr int width = layout::panel_width(K, k_full);
        pack_transposed<K - k_full, rows>(to + k_full * rows, w + long(k_full) * columns + long(m0) * width, width, count);
      }
    } else if constexpr (k_contiguous && step_along<A>(a_k) == 1) {
      position p{};
      p.at[a_m] = m0;
      pack_transposed<K, rows>(to, A::data(mem) + A::offset(mem, p), step_along<A>(a_m), count);
    } else
      for (int k = 0; k < K; ++k)
        for (int i = 0; i < rows; ++i) to[k * rows + i] = i < count ? a_element(mem, m0 + i, k) : number(0);
  }

  /// The part of the contracted axis that a slab sums.
  struct span_of_k {
    int lo, count;
  };

  /// t += A B over K steps, R rows of A.
  template <int Steps, int R, int MV, int NR>
  static HWY_INLINE void add_product(tile<MV, NR, number>& t, number const* a, long a_by, number const* b, long b_by_k, long b_by_n, long ahead) {
    // Internal arrays are padded to whole vectors; memory of the caller is not.
    if constexpr (R % lanes::count == 0 || !a_direct || a_panels) multiply<Steps>(t, a, a_by, b, b_by_k, b_by_n, ahead);
    else multiply_rows<Steps>(t, R, a, a_by, b, b_by_k, b_by_n, ahead);
  }

  /// One tile: rows m0 .. m0 + R - 1, of a panel of A that is Panel rows wide, columns n0 .. n0 + NR - 1.
  template <int NR, int R, int Panel>
  static HWY_INLINE void tile_at(typename B::state& s, int m0, int n0, span_of_k ks, number const* a_packed, number const* b_packed) {
    constexpr int vectors = (R + lanes::count - 1) / lanes::count;
    tile<vectors, NR, number> t;
    clear(t);
    number const* a;
    constexpr long a_by = !a_direct ? rows : a_panels ? Panel : step_along<A>(a_k);
    if constexpr (!a_direct) a = a_packed;
    else {
      position p{};
      p.at[a_m] = m0;
      if constexpr (a_k != no_axis) p.at[a_k] = ks.lo;
      a = A::data(s.m) + A::offset(s.m, p);
    }
    number const* b;
    constexpr long b_by_k = b_plain ? step_along<Bm>(b_k) : NR, b_by_n = b_plain ? step_along<Bm>(b_n) : 1;
    if constexpr (b_plain) {
      position p{};
      if constexpr (b_n != no_axis) p.at[b_n] = n0;
      if constexpr (b_k != no_axis) p.at[b_k] = ks.lo;
      b = Bm::data(s.m) + Bm::offset(s.m, p);
    } else b = b_packed;  // or, in panels, set below
    if constexpr (b_panels) {  // k runs along the rows of its panels
      constexpr int whole = K / panel_rows * panel_rows, rest = K - whole, width = layout::panel_width(K, K - 1);
      b = Bm::data(s.m);
      for (int k = 0; k < whole; k += panel_rows)
        add_product<panel_rows, R>(t, a + k * a_by, a_by, b + long(k) * b_columns + long(n0) * panel_rows, 1, panel_rows, 0);
      if constexpr (rest > 0) add_product<rest, R>(t, a + whole * a_by, a_by, b + long(whole) * b_columns + long(n0) * width, 1, width, 0);
    } else if constexpr (cut_k) {
      if constexpr (R % lanes::count == 0 || a_panels) multiply(t, ks.count, a, a_by, b, b_by_k, b_by_n);
      else multiply_rows(t, ks.count, R, a, a_by, b, b_by_k, b_by_n);
    } else add_product<K, R>(t, a, a_by, b, b_by_k, b_by_n, b_plain && b_by_n == 1 ? 2 * NR : 0);
    finish(t, finisher<R>{s, m0, n0});
  }
  /// What is done with each register of a tile. A struct, since a lambda cannot be forced inline without a macro,
  /// and a call here would spill the tile.
  template <int R> struct finisher {
    typename B::state& s;
    int m0, n0;
    HWY_INLINE void operator()(int vec, int n, lanes acc) const {
      constexpr int vectors = (R + lanes::count - 1) / lanes::count;
      position p{};
      p.at[lane] = m0 + vec * lanes::count;
      if constexpr (n_letter != '\0') p.at[other] = n0 + n;
      s.value[0] = acc;
      if constexpr (R % lanes::count == 0) epilogue(s, p, all_lanes{});
      else if (vec + 1 < vectors) epilogue(s, p, all_lanes{});
      else epilogue(s, p, some_lanes{R - (vectors - 1) * lanes::count});
    }
  };
  template <class Width> static HWY_INLINE void epilogue(typename B::state& s, position const& p, Width w) {
    if constexpr (cut_k && B::template in_parts<v>)
      if (!s.m.first) s.value[0] = s.value[0] + B::template stored<v>(s, p, w);
    B::template write<v>(s, p, s.value[0], w);
    B::template run<1>(s, p, w);
  }

  template <int R, int Panel, int NR> static void panel_tile(typename B::state& s, int m0, int n0, span_of_k ks, number const* a_packed) {
    if constexpr (b_direct) tile_at<NR, R, Panel>(s, m0, n0, ks, a_packed, nullptr);
    else {
      alignas(64) number packed[K * NR];
      pack_columns<NR, K>(packed, [&](int k, int n) { return b_element(s.m, k, n0 + n); });
      tile_at<NR, R, Panel>(s, m0, n0, ks, a_packed, packed);
    }
  }
  template <int R, int Panel, int NR = widest> static HWY_INLINE void dispatch(typename B::state& s, int width, int m0, int n0, span_of_k ks, number const* a) {
    if constexpr (NR > 0) {
      if constexpr (widths[NR]) {
        if (width == NR) return panel_tile<R, Panel, NR>(s, m0, n0, ks, a);
      }
      dispatch<R, Panel, NR - 1>(s, width, m0, n0, ks, a);
    }
  }
  template <int R, int Panel> static void panel(typename B::state& s, int m0, int n_lo, int n_hi, span_of_k ks) {
    alignas(64) number packed[a_direct ? 1 : K * rows];
    if constexpr (!a_direct) pack_a(s.m, m0, R, packed);
    const int w = n_hi - n_lo, tiles = (w + widest - 1) / widest;
    for (int t = 0; t < tiles; ++t) {
      const int lo = w * t / tiles, hi = w * (t + 1) / tiles;
      dispatch<R, Panel>(s, hi - lo, m0, n_lo + lo, ks, a_direct ? nullptr : packed);
    }
  }

  static void run(memory const& m) {
    typename B::state s{m, {}, {}, {}};
    B::prepare(s);
    const int lo = m.lo, hi = m.hi;
    if constexpr (is_product && (cut_k ? a_direct && b_plain : (a_direct && b_direct) || K <= most_packed)) {
      const int m_lo = cut_m ? lo : 0, m_hi = cut_m ? hi : M, n_lo = cut_n ? lo : 0, n_hi = cut_n ? hi : N;
      const span_of_k ks = cut_k ? span_of_k{lo, hi - lo} : span_of_k{0, K};
      int m0 = m_lo;
      constexpr int in_whole = M / panel_rows * panel_rows, last = layout::panel_width(M, M - 1);
      const int whole_hi = rows < panel_rows && m_hi > in_whole ? in_whole : m_hi;
      for (; m0 + rows <= whole_hi; m0 += rows) panel<rows, panel_rows>(s, m0, n_lo, n_hi, ks);
      if constexpr (M - in_whole >= rows)  // tiles narrower than a panel also fill the last one
        for (; m0 + rows <= m_hi; m0 += rows) panel<rows, last>(s, m0, n_lo, n_hi, ks);
      if constexpr (tail_rows > 0)
        if (m0 < m_hi) panel<tail_rows, last>(s, m0, n_lo, n_hi, ks);
    } else general(s, lo, hi);
  }

  // ---- any letters: one result element at a time ----
  static void general(typename B::state& s, int lo, int hi) {
    constexpr shape c = P::template extents<v>;
    constexpr char const* sum = summed.data();
    long terms = 1;
    const shape now = shape_now<P>(c, s.m.leaves);
    const shape a_now = shape_now<P>(P::graph.extents[P::graph.operand(v, 0)], s.m.leaves);
    for (int i = 0; sum[i]; ++i) terms *= extent_of(0, sum[i]);
    for (long e = 0; e < c.size(); ++e) {
      int at[max_rank] = {};
      long rest = e;
      for (int q = 0; q < max_rank; ++q) {
        at[q] = int(rest % c.extent[q]);
        rest /= c.extent[q];
      }
      bool inside = true;
      for (int q = 0; q < max_rank; ++q) inside = inside && at[q] < now.extent[q];
      if (!inside) continue;
      if constexpr (!cut_k && st.cut >= 0)
        if (at[st.cut] < lo || at[st.cut] >= hi) continue;
      number total = 0;
      for (long t = 0; t < terms; ++t) {
        position a{}, b{};
        long left = t;
        bool here = true;
        for (int i = 0; sum[i]; ++i) {
          const int n = extent_of(0, sum[i]), x = int(left % n);
          left /= n;
          here = here && x < a_now.extent[axis_of_letter(info, 0, sum[i])];
          if constexpr (cut_k) here = here && (axis_of_letter(info, 0, sum[i]) != st.cut - contracted_cut || (x >= lo && x < hi));
          a.at[axis_of_letter(info, 0, sum[i])] = x;
          b.at[axis_of_letter(info, 1, sum[i])] = x;
        }
        for (int q = 0; info.labels[2][q]; ++q) {
          const int in_a = axis_of_letter(info, 0, info.labels[2][q]), in_b = axis_of_letter(info, 1, info.labels[2][q]);
          if (in_a != no_axis) a.at[in_a] = at[q];
          if (in_b != no_axis) b.at[in_b] = at[q];
        }
        if (here) total += reader<P, field(P::template at<v>, 0)>::one(s.m, a) * reader<P, field(P::template at<v>, 1)>::one(s.m, b);
      }
      position p{{at[0], at[1], at[2], at[3]}};
      s.value[0] = lanes(total);
      epilogue(s, p, some_lanes{1});
    }
  }
  static constexpr auto summed = [] {
    std::array<char, max_rank + 1> s{};
    int n = 0;
    for (int i = 0; info.labels[0][i]; ++i)
      if (axis_of_letter(info, 2, info.labels[0][i]) == no_axis) s[std::size_t(n++)] = info.labels[0][i];
    return s;
  }();
};

}  // namespace HWY_NAMESPACE
}  // namespace knit::simd
