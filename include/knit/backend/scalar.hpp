// SPDX-License-Identifier: BSL-1.0
// scalar.hpp -- in: a program and its memory. out: one run, value by value in plain loops: the oracle.
#pragma once
#include <knit/backend/runtime.hpp>
#include <knit/core/math.hpp>
#include <memory>
#include <vector>

namespace knit {

/// The backend that everything is checked against. It fuses nothing and reuses no memory: each value of the
/// graph is an array of T with room for the most that its extents may be, computed by one loop nest. T is float or double,
/// whatever the leaves hold.
template <class T> struct scalar_backend {
  template <class Spec, bool Simplify = true> class program {
   public:
    using value_type = T;  ///< of outputs
    using P = compiled_graph<Spec, Simplify>;

    program() {
      long total = 0;
      for (int v = 0; v < P::nodes; ++v) {
        offset_[std::size_t(v)] = total;
        total += P::graph.extents[v].size();
      }
      data_.resize(std::size_t(total));
    }

    /// One run. leaves: memory of each leaf; outputs: arrays of T. Allocates nothing.
    void run(void const* const* leaves, void* const* outputs) {
      leaves_ = leaves;
      all(std::make_integer_sequence<int, P::nodes>{});
      for (int r = 0, o = 0; r < P::roots; ++r) {
        root const& to = P::graph.roots[r];
        if (to.state >= 0) continue;
        T const* const from = value(to.node);
        T* const output = static_cast<T*>(outputs[o++]);
        for_each(P::graph.extents[to.node], [&](index const&, long i) { output[i] = from[i]; });
      }
      for (int r = 0; r < P::roots; ++r) {  // states change when all is computed
        root const& to = P::graph.roots[r];
        if (to.state < 0) continue;
        leaf_info const& f = P::graph.leaves[to.state];
        void* const memory = const_cast<void*>(leaves[to.state]);
        T const* const from = value(to.node);
        for_each(f.extents, [&](index const&, long i) {
          const auto o = f.lies.offset(f.extents, i);
          if (f.holds == element::f64) static_cast<double*>(memory)[o] = double(from[i]);
          else static_cast<float*>(memory)[o] = float(from[i]);
        });
      }
    }

    /// Value v of the graph after a run, first index fastest.
    T const* value(int v) const { return data_.data() + offset_[std::size_t(v)]; }

   private:
    T* to(int v) { return data_.data() + offset_[std::size_t(v)]; }
    template <int... V> void all(std::integer_sequence<int, V...>) { (one<V>(), ...); }

    struct index {
      int at[max_rank];
    };
    /// f(coordinates, number) of each element that an array of shape s has now.
    template <class F> void for_each(shape const& s, F&& f) const {
      const shape now = shape_now<P>(s, leaves_);
      index x{};
      for (x.at[3] = 0; x.at[3] < now.extent[3]; ++x.at[3])
        for (x.at[2] = 0; x.at[2] < now.extent[2]; ++x.at[2])
          for (x.at[1] = 0; x.at[1] < now.extent[1]; ++x.at[1]) {
            long i = ((long(x.at[3]) * s.extent[2] + x.at[2]) * s.extent[1] + x.at[1]) * s.extent[0];
            for (x.at[0] = 0; x.at[0] < now.extent[0]; ++x.at[0]) f(x, i++);
          }
    }
    /// Where the element at x lies in an array of shape s, repeated along its axes of extent 1.
    static constexpr long at(shape s, index const& x) {
      long o = 0, by = 1;
      for (int q = 0; q < max_rank; ++q) {
        if (s.extent[q] > 1) o += x.at[q] * by;
        by *= s.extent[q];
      }
      return o;
    }

    template <int V> void one() {
      constexpr node n = P::template at<V>;
      constexpr shape s = P::template extents<V>;
      T* const y = to(V);
      if constexpr (op_of(n) == constant_code) y[0] = T(P::graph.constants[field(n, 0)]);
      else if constexpr (op_of(n) == leaf_code) {
        constexpr leaf_info f = P::graph.leaves[field(n, 0)];
        void const* const p = leaves_[field(n, 0)];
        for_each(s, [&](index const&, long i) {
          if constexpr (f.holds == element::f32) y[i] = T(static_cast<float const*>(p)[f.lies.offset(s, i)]);
          else if constexpr (f.holds == element::f64) y[i] = T(static_cast<double const*>(p)[f.lies.offset(s, i)]);
          else if constexpr (f.holds == element::i32) y[i] = T(static_cast<std::int32_t const*>(p)[i]);
          else y[i] = T(static_cast<std::uint8_t const*>(p)[i]);
        });
      } else {
        using Op = typename P::template op<V>;
        constexpr op_info f = info_of<Op>;
        if constexpr (f.what == kind::map) map<V, Op>(y);
        else if constexpr (f.what == kind::reduce) reduce<V>(f, y);
        else if constexpr (f.what == kind::contract && f.slides) slide<V>(f, y);
        else if constexpr (f.what == kind::contract) contract<V, Op>(y);
        else see<V>(f, y);
      }
    }

    template <int V, class Op> void map(T* y) {
      constexpr node n = P::template at<V>;
      constexpr shape s = P::template extents<V>;
      if constexpr (info_of<Op>.indexed) {
        const shape now = shape_now<P>(s, leaves_);
        for_each(s, [&](index const& x, long i) {
          const std::array<T, max_rank> c{T(x.at[0]), T(x.at[1]), T(x.at[2]), T(x.at[3])};
          if constexpr (Op::arity == 0) y[i] = Op::eval(c, now);
          else y[i] = Op::eval(c, now, *value(field(n, 0)), std::uint32_t(field(n, 2)));
        });
      } else if constexpr (Op::arity == 1) {
        T const* const a = value(field(n, 0));
        for_each(s, [&](index const&, long i) { y[i] = Op::eval(a[i]); });
      } else {
        constexpr shape sa = P::template extents<field(n, 0)>, sb = P::template extents<field(n, 1)>;
        T const *const a = value(field(n, 0)), *const b = value(field(n, 1));
        if constexpr (Op::arity == 2)
          for_each(s, [&](index const& x, long i) { y[i] = Op::eval(a[at(sa, x)], b[at(sb, x)]); });
        else {
          constexpr shape sc = P::template extents<field(n, 2)>;
          T const* const c = value(field(n, 2));
          for_each(s, [&](index const& x, long i) { y[i] = Op::eval(a[at(sa, x)], b[at(sb, x)], c[at(sc, x)]); });
        }
      }
    }

    template <int V> void reduce(op_info const& f, T* y) {
      constexpr shape s = P::template extents<V>;
      const int a = field(P::template at<V>, 0);
      T const* const x = value(a);
      for (long i = 0; i < s.size(); ++i) y[i] = f.how == combine::sum ? T(0) : -std::numeric_limits<T>::infinity();
      for_each(P::graph.extents[a], [&](index const& q, long i) {
        T& to = y[at(s, q)];
        if (f.how == combine::sum) to += x[i];
        else to = x[i] != x[i] || x[i] > to ? x[i] : to;
      });
    }

    template <int V> void see(op_info const& f, T* y) {
      constexpr shape s = P::template extents<V>;
      const int a = field(P::template at<V>, 0);
      const shape from = P::graph.extents[a];
      T const* const x = value(a);
      for_each(s, [&](index const& q, long i) {
        if (f.see == view_kind::reshape) y[i] = x[i];
        else if (f.see == view_kind::broadcast) y[i] = x[at(from, q)];
        else if (f.see == view_kind::sampled) {
          index p = q;
          bool there = true;
          for (int k = 0; k < sliding_axes; ++k) {
            const int n = f.slide[k].numerator(q.at[k], 0);
            there = there && f.slide[k].there(n, from.extent[k]);
            p.at[k] = n / f.slide[k].divisor;
          }
          y[i] = there ? x[at(from, p)] : T(0);
        }
        else {
          index p{};
          for (int k = 0; k < max_rank; ++k) p.at[f.perm[k]] = q.at[k];
          y[i] = x[at(from, p)];
        }
      });
    }

    /// A contraction that slides: for each element all coordinates of operand 0 that agree with it, and what operand 1 has
    /// there, 0 outside.
    template <int V> void slide(op_info const& f, T* y) {
      constexpr shape s = P::template extents<V>;
      constexpr int a = field(P::template at<V>, 0), b = field(P::template at<V>, 1);
      constexpr shape sa = P::template extents<a>, sb = P::template extents<b>;
      const shape now = shape_now<P>(sa, leaves_);
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

    template <int V, class Op> void contract(T* y) {
      using info = std::integral_constant<op_info const*, &info_of<Op>>;
      constexpr node n = P::template at<V>;
      // One loop for each letter of a and b, the first axis of the result innermost.
      struct letter {
        int extent;
        long name;
        long in_a, in_b, in_c;
      };
      constexpr auto letters = [] {
        std::array<letter, 2 * max_rank> l{};
        int count = 0;
        auto stride = [](shape s, int axis) {
          long by = 1;
          for (int q = 0; q < axis; ++q) by *= s.extent[q];
          return axis == no_axis ? 0 : by;
        };
        op_info const& f = *info::value;
        auto add = [&](char c) {
          const int a = axis_of_letter(f, 0, c), b = axis_of_letter(f, 1, c), r = axis_of_letter(f, 2, c);
          const shape sa = P::template extents<field(n, 0)>, sb = P::template extents<field(n, 1)>;
          l[std::size_t(count++)] = {a != no_axis ? sa.extent[a] : sb.extent[b], a != no_axis ? sa.name[a] : sb.name[b], stride(sa, a), stride(sb, b),
                                     stride(P::template extents<V>, r)};
        };
        for (int i = 0; f.labels[2][i]; ++i) add(f.labels[2][i]);
        for (int i = 0; f.labels[0][i]; ++i)
          if (axis_of_letter(f, 2, f.labels[0][i]) == no_axis) add(f.labels[0][i]);
        for (std::size_t i = std::size_t(count); i < l.size(); ++i) l[i].extent = 1;
        return l;
      }();
      T const *const a = value(field(n, 0)), *const b = value(field(n, 1));
      std::fill_n(y, P::template extents<V>.size(), T(0));
      auto now = letters;
      for (letter& l : now)
        if (l.name) l.extent = extent_now<P>(l.name, leaves_);
      nest<7>(now, a, b, y);
    }
    template <int L, class Letters> static void nest(Letters const& l, T const* a, T const* b, T* y) {
      const long in_a = l[L].in_a, in_b = l[L].in_b, in_c = l[L].in_c;
      const int n = l[L].extent;
      if constexpr (L == 0) {
        if (in_a == 1 && in_b == 0 && in_c == 1) {
          const T x = *b;
          for (int i = 0; i < n; ++i) y[i] += a[i] * x;
        } else
          for (int i = 0; i < n; ++i) y[i * in_c] += a[i * in_a] * b[i * in_b];
      } else
        for (int i = 0; i < n; ++i) nest<L - 1>(l, a + i * in_a, b + i * in_b, y + i * in_c);
    }

    void const* const* leaves_ = nullptr;
    std::vector<T> data_;
    std::array<long, std::size_t(P::nodes)> offset_{};
  };
};

}  // namespace knit
