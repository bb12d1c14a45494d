// SPDX-License-Identifier: BSL-1.0
// scan.hpp -- what runs along an axis: cumulative sums and first-order recurrences.
#pragma once
#include <knit/op/composite.hpp>
#include <knit/op/pool.hpp>

namespace knit {

/// y[t] = x[t] + a[t] y[t - 1] along Axis, y[0] = x[0]; Back: y[t] = x[t] + a[t + 1] y[t + 1], and y = x at the end. Operands are a
/// and x; a is repeated where it has extent 1. Each is the other's transpose, so one is the other's derivative with regard to x,
/// and a meets what came before it: Blelloch, Prefix sums and their applications, 1990, has the recurrence as a scan.
template <int Axis, bool Back> struct recurrence_op {
  static constexpr kind what = kind::scan;
  static constexpr int arity = 2;
  static constexpr int flops = 2;
  static constexpr char const* name = Back ? "recurrence_back" : "recurrence";
  static constexpr int along = Axis;
  static constexpr double low = -1, high = 1;  // products of many factors, else, are large or nothing
  static constexpr bool back = Back;
  static constexpr sentence complain(shape const* s) {
    sentence t;
    auto begin = [&]() -> sentence& { return t << "a scan along axis " << Axis << " of an array of shape " << s[1] << ": "; };
    if (s[1].rank == 0) begin() << "a number has no axes";
    else if (Axis < 0 || Axis >= s[1].rank) begin() << "axes count from 0, so name one below " << s[1].rank;
    else if (Axis >= sliding_axes) begin() << "it goes along the first or second axis; transpose what is behind";
    else if (!broadcasts(s[0], s[1]) || !same_extents(broadcast(s[0], s[1]), s[1]))
      begin() << "the factors, of shape " << s[0] << ", have another; make each extent of theirs equal or 1";
    return t;
  }
  static constexpr shape infer(shape const* s) { return s[1]; }
  /// The next element, of the factor, the one before it and the term.
  template <class V> KNIT_FN static V eval(V a, V before, V x) {
    using math::fma;
    return fma(a, before, x);
  }
  static constexpr auto pullback(auto y, auto g, auto a, auto) {
    auto gx = make<recurrence_op<Axis, !Back>>(a, g);
    if constexpr (Back) return grads(one_earlier(gx) % y, gx);
    else return grads(gx % one_earlier(y), gx);
  }

 private:
  /// Element t - 1 at t, 0 at 0. For both directions: factor t stands between elements t - 1 and t, and multiplies what comes
  /// from one to the other.
  static constexpr auto one_earlier(auto z) { return make<sample_like_op<1, -(Axis == 0), -(Axis == 1), 1>>(z, z); }
};

/// y[t] = x[t] + a[t] y[t - 1] along Axis, 0 or 1, from y[0] = x[0] on: a filter of first order, discounted returns (of the axis
/// turned), an average that forgets. a has an extent of x or 1 along each axis, or is a number; the result has the shape of x.
/// Another shape or axis is an error of the compiler. What comes out depends on nothing but the operands: not on threads.
template <int Axis = 0, operand A, function_operand X> constexpr auto recurrence(A&& a, X&& x) {
  return make<recurrence_op<Axis, false>>(std::forward<A>(a), std::forward<X>(x));
}
/// The same from the end: y[t] = x[t] + a[t + 1] y[t + 1].
template <int Axis = 0, operand A, function_operand X> constexpr auto recurrence_back(A&& a, X&& x) {
  return make<recurrence_op<Axis, true>>(std::forward<A>(a), std::forward<X>(x));
}
/// The sums of the elements so far along Axis, 0 or 1, each with its own: NumPy's cumsum.
template <int Axis = 0, function_operand X> constexpr auto cumsum(X&& x) { return recurrence<Axis>(1_c, std::forward<X>(x)); }

}  // namespace knit
