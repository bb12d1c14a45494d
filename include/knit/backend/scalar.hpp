// SPDX-License-Identifier: BSL-1.0
// scalar.hpp -- in: a program and its memory. out: one run, value by value in plain loops: the oracle.
#pragma once
#include <algorithm>
#include <knit/backend/runtime.hpp>
#include <knit/core/math.hpp>
#include <limits>
#include <vector>

namespace knit {

namespace detail {

/// What an op that maps elements computes, for whoever has only its number in a program's list: a row of elements, from
/// operands that are `by[k]` elements apart, or, if it depends on where it is, the element at coordinates c of shape `now`.
template <class T> struct evaluator {
  void (*row)(T* y, int n, T const* const* x, int const* by) = nullptr;
  T (*at)(std::array<T, max_rank> const& c, shape const& now, T const* x, std::uint32_t number) = nullptr;
};
template <class T, class Op> constexpr evaluator<T> evaluator_of() {
  if constexpr (Op::what != kind::map) return {};
  else if constexpr (info_of<Op>.indexed)
    return {nullptr,
            [](std::array<T, max_rank> const& c, shape const& now, [[maybe_unused]] T const* x,
               [[maybe_unused]] std::uint32_t number) -> T {
              if constexpr (Op::arity == 0) return Op::eval(c, now);
              else return Op::eval(c, now, *x, number);
            }};
  else
    return {[](T* y, int n, T const* const* x, int const* by) {
              for (int i = 0; i < n; ++i) {
                if constexpr (Op::arity == 1) y[i] = Op::eval(x[0][i * by[0]]);
                else if constexpr (Op::arity == 2) y[i] = Op::eval(x[0][i * by[0]], x[1][i * by[1]]);
                else y[i] = Op::eval(x[0][i * by[0]], x[1][i * by[1]], x[2][i * by[2]]);
              }
            },
            nullptr};
}
template <class T, class Ops> struct evaluators;
template <class T, class... Op> struct evaluators<T, mp::mp_list<Op...>> {
  static constexpr evaluator<T> of[] = {evaluator_of<T, Op>()..., {}};
};

/// Runs a graph: an ordinary program that reads it, so that little is compiled for each.
template <class T> class interpreter {
 public:
  interpreter(flat_graph const& g, evaluator<T> const* ops, axis_names const& names, int first_extent)
      : g_(&g), ops_(ops), names_(&names), first_extent_(first_extent), offset_(std::size_t(g.size)) {
    long total = 0;
    for (int v = 0; v < g.size; ++v) {
      offset_[std::size_t(v)] = total;
      total += g.extents[v].size();
    }
    data_.resize(std::size_t(total));
  }

  /// One run. leaves: memory of each leaf; outputs: arrays of T. Allocates nothing.
  void run(void const* const* leaves, void* const* outputs) {
    leaves_ = leaves;
    for (int v = 0; v < g_->size; ++v) compute(v);
    for (int r = 0, o = 0; r < g_->root_count; ++r) {
      root const& to = g_->roots[r];
      if (to.state >= 0) continue;
      T const* const from = value(to.node);
      T* const output = static_cast<T*>(outputs[o++]);
      for_each(g_->extents[to.node], [&](index const&, long i) { output[i] = from[i]; });
    }
    for (int r = 0; r < g_->root_count; ++r) {  // states change when all is computed
      root const& to = g_->roots[r];
      if (to.state < 0) continue;
      leaf_info const& f = g_->leaves[to.state];
      void* const memory = const_cast<void*>(leaves[to.state]);
      T const* const from = value(to.node);
      for_each(f.extents, [&](index const&, long i) {
        const auto o = f.lies.offset(f.extents, i);
        if (f.holds == element::f64) static_cast<double*>(memory)[o] = double(from[i]);
        else static_cast<float*>(memory)[o] = float(from[i]);
      });
    }
    leaves_ = nullptr;  // the list was the caller's
  }

  /// Value v of the graph after a run, first index fastest.
  T const* value(int v) const { return data_.data() + offset_[std::size_t(v)]; }

 private:
  struct index {
    int at[max_rank];
  };
  int extent_now(long name) const { return *static_cast<std::int32_t const*>(leaves_[first_extent_ + names_->find(name)]); }
  shape shape_now(shape s) const {
    for (int q = 0; q < max_rank; ++q)
      if (s.name[q]) s.extent[q] = extent_now(s.name[q]);
    return s;
  }
  /// f(coordinates of its first element, its number, elements) of each row along axis 0 that an array of shape s has now.
  template <class F> void for_each_row(shape const& s, F&& f) const {
    const shape now = shape_now(s);
    index x{};
    for (x.at[3] = 0; x.at[3] < now.extent[3]; ++x.at[3])
      for (x.at[2] = 0; x.at[2] < now.extent[2]; ++x.at[2])
        for (x.at[1] = 0; x.at[1] < now.extent[1]; ++x.at[1])
          f(x, ((long(x.at[3]) * s.extent[2] + x.at[2]) * s.extent[1] + x.at[1]) * s.extent[0], now.extent[0]);
  }
  /// f(coordinates, number) of each element.
  template <class F> void for_each(shape const& s, F&& f) const {
    for_each_row(s, [&](index x, long i, int n) {
      for (; x.at[0] < n; ++x.at[0]) f(x, i++);
    });
  }
  /// Where the element at x lies in an array of shape s, repeated along its axes of extent 1.
  static long at(shape const& s, index const& x) {
    long o = 0, by = 1;
    for (int q = 0; q < max_rank; ++q) {
      if (s.extent[q] > 1) o += x.at[q] * by;
      by *= s.extent[q];
    }
    return o;
  }

  void compute(int v) {
    T* const y = data_.data() + offset_[std::size_t(v)];
    if (g_->is_constant(v)) y[0] = T(g_->constants[field(g_->at[v], 0)]);
    else if (g_->is_leaf(v)) load(v, y);
    else switch (op_info const& f = g_->info(v); f.what) {
        case kind::map: map(v, f, y); break;
        case kind::reduce: reduce(v, f, y); break;
        case kind::scan: scan(v, f, y); break;
        case kind::contract: f.slides ? slide(v, f, y) : contract(v, f, y); break;
        default: see(v, f, y);
      }
  }

  void load(int v, T* y) {
    const int l = int(field(g_->at[v], 0));
    leaf_info const& f = g_->leaves[l];
    shape const& s = g_->extents[v];
    auto from = [&]<class E>(E const* p) { for_each(s, [&](index const&, long i) { y[i] = T(p[f.lies.offset(s, i)]); }); };
    switch (f.holds) {
      case element::f32: from(static_cast<float const*>(leaves_[l])); break;
      case element::f64: from(static_cast<double const*>(leaves_[l])); break;
      case element::i32: from(static_cast<std::int32_t const*>(leaves_[l])); break;
      default: from(static_cast<std::uint8_t const*>(leaves_[l]));
    }
  }

  void map(int v, op_info const& f, T* y) {
    evaluator<T> const& op = ops_[op_of(g_->at[v])];
    shape const& s = g_->extents[v];
    if (f.indexed) {
      const shape now = shape_now(s);
      const std::uint32_t number = std::uint32_t(field(g_->at[v], 2));
      T const* const x = f.arity ? value(g_->operand(v, 0)) : nullptr;
      for_each(s, [&](index const& c, long i) { y[i] = op.at({T(c.at[0]), T(c.at[1]), T(c.at[2]), T(c.at[3])}, now, x, number); });
      return;
    }
    for_each_row(s, [&](index const& c, long i, int n) {
      T const* x[3];
      int by[3];
      for (int k = 0; k < f.arity; ++k) {
        shape const& from = g_->extents[g_->operand(v, k)];
        x[k] = value(g_->operand(v, k)) + at(from, c);
        by[k] = from.extent[0] > 1;
      }
      op.row(y + i, n, x, by);
    });
  }

  void reduce(int v, op_info const& f, T* y) {
    shape const& s = g_->extents[v];
    const int a = g_->operand(v, 0);
    T const* const x = value(a);
    for (long i = 0; i < s.size(); ++i) y[i] = f.how == combine::sum ? T(0) : -std::numeric_limits<T>::infinity();
    for_each(g_->extents[a], [&](index const& q, long i) {
      T& to = y[at(s, q)];
      if (f.how == combine::sum) to += x[i];
      else to = x[i] != x[i] || x[i] > to ? x[i] : to;
    });
  }

  void scan(int v, op_info const& f, T* y) {
    const int a = g_->operand(v, 0), b = g_->operand(v, 1);
    shape const& s = g_->extents[v];
    const int n = shape_now(s).extent[f.along];
    using math::fma;
    for_each_row(s, [&](index q, long, int rows) {
      if (q.at[f.along] > 0) return;
      for (const int end = f.along == 0 ? 1 : rows; q.at[0] < end; ++q.at[0]) {
        index p = q;
        T before = 0;
        for (int i = 0; i < n; ++i) {
          p.at[f.along] = f.back ? n - 1 - i : i;
          index factor = p;  // of the two elements the one that is nearer to the end
          if (f.back) ++factor.at[f.along];
          T const x = value(b)[at(g_->extents[b], p)];
          before = i == 0 ? x : fma(value(a)[at(g_->extents[a], factor)], before, x);
          y[at(s, p)] = before;
        }
      }
    });
  }

  void see(int v, op_info const& f, T* y) {
    const int a = g_->operand(v, 0);
    shape const& from = g_->extents[a];
    const shape now = shape_now(from);
    T const* const x = value(a);
    for_each(g_->extents[v], [&](index const& q, long i) {
      if (f.see == view_kind::reshape) y[i] = x[i];
      else if (f.see == view_kind::broadcast) y[i] = x[at(from, q)];
      else if (f.see == view_kind::sampled) {
        index p = q;
        bool there = true;
        for (int k = 0; k < sliding_axes; ++k) {
          const int n = f.slide[k].numerator(q.at[k], 0);
          there = there && f.slide[k].there(n, now.extent[k]);
          p.at[k] = n / f.slide[k].divisor;
        }
        y[i] = there ? x[at(from, p)] : T(0);
      } else {
        index p{};
        for (int k = 0; k < max_rank; ++k) p.at[f.perm[k]] = q.at[k];
        y[i] = x[at(from, p)];
      }
    });
  }

  /// A contraction that slides: for each element all coordinates of operand 0 that agree with it, and what operand 1 has
  /// there, 0 outside.
  void slide(int v, op_info const& f, T* y) {
    const int a = g_->operand(v, 0), b = g_->operand(v, 1);
    shape const &s = g_->extents[v], &sa = g_->extents[a], &sb = g_->extents[b];
    const shape now = shape_now(sa);
    T const *const x = value(a), *const z = value(b);
    std::fill_n(y, s.size(), T(0));
    for_each(s, [&](index const& r, long i) {
      shape terms = now;  // along axes of the result there is one coordinate
      index first{};
      for (int q = 0; q < max_rank; ++q)
        if (const int k = axis_of_letter(f, 2, f.labels[0][q]); k != no_axis) terms.extent[q] = 1, first.at[q] = r.at[k];
      index t;
      for (t.at[3] = first.at[3]; t.at[3] < first.at[3] + terms.extent[3]; ++t.at[3])
        for (t.at[2] = first.at[2]; t.at[2] < first.at[2] + terms.extent[2]; ++t.at[2])
          for (t.at[1] = first.at[1]; t.at[1] < first.at[1] + terms.extent[1]; ++t.at[1])
            for (t.at[0] = first.at[0]; t.at[0] < first.at[0] + terms.extent[0]; ++t.at[0]) {
              index p;
              bool there = true;
              for (int q = 0; q < max_rank; ++q)
                if (q < sliding_axes) {
                  const int n = f.slide[q].numerator(r.at[q], t.at[q]);
                  there = there && f.slide[q].there(n, sb.extent[q]);
                  p.at[q] = n / f.slide[q].divisor;
                } else if (const int k = axis_of_letter(f, 2, f.labels[1][q]); k != no_axis) p.at[q] = r.at[k];
                else p.at[q] = t.at[axis_of_letter(f, 0, f.labels[1][q])];
              y[i] += x[at(sa, t)] * (there ? z[at(sb, p)] : T(0));
            }
    });
  }

  /// One loop of a contraction.
  struct loop {
    int extent = 1;
    long in_a = 0, in_b = 0, in_c = 0;  ///< elements from one turn to the next
  };
  /// A loop for each letter of a and b, the first axis of the result innermost.
  void contract(int v, op_info const& f, T* y) {
    const int a = g_->operand(v, 0), b = g_->operand(v, 1);
    const shape sa = shape_now(g_->extents[a]), sb = shape_now(g_->extents[b]);
    auto stride = [](shape const& s, int axis) {
      long by = 1;
      for (int q = 0; q < axis; ++q) by *= s.extent[q];
      return axis == no_axis ? 0 : by;
    };
    loop loops[2 * max_rank];
    int count = 0;
    auto add = [&](char letter) {
      const int in_a = axis_of_letter(f, 0, letter), in_b = axis_of_letter(f, 1, letter);
      loops[count++] = {in_a != no_axis ? sa.extent[in_a] : sb.extent[in_b], stride(g_->extents[a], in_a),
                        stride(g_->extents[b], in_b), stride(g_->extents[v], axis_of_letter(f, 2, letter))};
    };
    for (int i = 0; f.labels[2][i]; ++i) add(f.labels[2][i]);
    for (int i = 0; f.labels[0][i]; ++i)
      if (axis_of_letter(f, 2, f.labels[0][i]) == no_axis) add(f.labels[0][i]);
    std::fill_n(y, g_->extents[v].size(), T(0));
    nest<2 * max_rank - 1>(loops, value(a), value(b), y);
  }
  template <int L> static void nest(loop const* loops, T const* a, T const* b, T* y) {
    const auto [n, in_a, in_b, in_c] = loops[L];
    if constexpr (L == 0) {
      if (in_a == 1 && in_b == 0 && in_c == 1) {
        const T x = *b;
        for (int i = 0; i < n; ++i) y[i] += a[i] * x;
      } else
        for (int i = 0; i < n; ++i) y[i * in_c] += a[i * in_a] * b[i * in_b];
    } else
      for (int i = 0; i < n; ++i) nest<L - 1>(loops, a + i * in_a, b + i * in_b, y + i * in_c);
  }

  flat_graph const* g_;
  evaluator<T> const* ops_;
  axis_names const* names_;
  int first_extent_;
  void const* const* leaves_ = nullptr;
  std::vector<T> data_;
  std::vector<long> offset_;
};

}  // namespace detail

/// The backend that everything is checked against. It fuses nothing and reuses no memory: each value of the
/// graph is an array of T with room for the most that its extents may be, computed by one loop nest. T is float or double,
/// whatever the leaves hold.
template <class T> struct scalar_backend {
  /// A program of the values of Spec; without Simplify of those before any identity is applied.
  template <class Spec, bool Simplify = true> class program : public detail::interpreter<T> {
   public:
    using value_type = T;  ///< of outputs
    using P = compiled_graph<Spec, Simplify>;

    program() : detail::interpreter<T>(P::graph, detail::evaluators<T, typename P::ops>::of, names_, P::first_extent) {}

   private:
    static constexpr axis_names names_ = P::names;
  };
};

}  // namespace knit
