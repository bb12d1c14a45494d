// SPDX-License-Identifier: BSL-1.0
// compare.hpp -- comparisons (1 or 0), select, max, min: elementwise, with broadcasting.
#pragma once
#include <knit/core/math.hpp>
#include <knit/op/arithmetic.hpp>

namespace knit {

// A comparison is 1 where it holds and 0 where not; it is constant almost everywhere, so it passes no gradient.
/// a < b: 1 or 0
struct less_op : elementwise<2> {
  static constexpr char const* name = "<";
  static constexpr bool infix = true;
  template <class V> KNIT_FN static V eval(V a, V b) {
    using math::select;
    return select(a < b, V(1), V(0));
  }
};
/// a <= b: 1 or 0
struct less_equal_op : elementwise<2> {
  static constexpr char const* name = "<=";
  static constexpr bool infix = true;
  template <class V> KNIT_FN static V eval(V a, V b) {
    using math::select;
    return select(a <= b, V(1), V(0));
  }
};
/// a == b: 1 or 0
struct equal_op : elementwise<2> {
  static constexpr char const* name = "==";
  static constexpr bool infix = true;
  template <class V> KNIT_FN static V eval(V a, V b) {
    using math::select;
    return select(a == b, V(1), V(0));
  }
};
/// a != b: 1 or 0
struct not_equal_op : elementwise<2> {
  static constexpr char const* name = "!=";
  static constexpr bool infix = true;
  template <class V> KNIT_FN static V eval(V a, V b) {
    using math::select;
    return select(a != b, V(1), V(0));
  }
};
/// b where c is not 0, else d. The value that is not taken contributes nothing, not even a NaN.
struct select_op : elementwise<3> {
  static constexpr char const* name = "select";
  static constexpr bool picks = true;
  template <class V> KNIT_FN static V eval(V c, V b, V d) {
    using math::select;
    return select(c != V(0), b, d);
  }
  static constexpr auto pullback(auto, auto g, auto c, auto, auto) {
    return grads(no_gradient{}, make<select_op>(c, g, 0), make<select_op>(c, 0, g));
  }
};
/// At a tie each side gets half of the gradient.
struct max_op : elementwise<2> {
  static constexpr char const* name = "max";
  template <class V> KNIT_FN static V eval(V a, V b) {
    using math::max, math::select;
    return select(a != a, a, max(a, b));  // NaN if either is
  }
  static constexpr auto pullback(auto, auto g, auto a, auto b) {
    auto tie = make<select_op>(make<equal_op>(a, b), 0.5 % g, 0);
    return grads(make<select_op>(make<less_op>(b, a), g, tie), make<select_op>(make<less_op>(a, b), g, tie));
  }
};
/// The smaller of a and b; where they tie both share the gradient, as of max_op.
struct min_op : elementwise<2> {
  static constexpr char const* name = "min";
  template <class V> KNIT_FN static V eval(V a, V b) {
    using math::min, math::select;
    return select(a != a, a, min(a, b));
  }
  static constexpr auto pullback(auto, auto g, auto a, auto b) {
    auto tie = make<select_op>(make<equal_op>(a, b), 0.5 % g, 0);
    return grads(make<select_op>(make<less_op>(a, b), g, tie), make<select_op>(make<less_op>(b, a), g, tie));
  }
};

/// 1 where an element of a is less than that of b, else 0; shapes broadcast as of +, and no gradient passes. All comparisons are
/// expressions: where C++ wants a condition, a formula says select.
template <class A, class B> requires operands<A, B> constexpr auto operator<(A&& a, B&& b) {
  return make<less_op>(std::forward<A>(a), std::forward<B>(b));
}
/// 1 where an element of a is greater, else 0; as of <.
template <class A, class B> requires operands<A, B> constexpr auto operator>(A&& a, B&& b) {
  return make<less_op>(std::forward<B>(b), std::forward<A>(a));
}
/// 1 where an element of a is less or equal, else 0; as of <.
template <class A, class B> requires operands<A, B> constexpr auto operator<=(A&& a, B&& b) {
  return make<less_equal_op>(std::forward<A>(a), std::forward<B>(b));
}
/// 1 where an element of a is greater or equal, else 0; as of <.
template <class A, class B> requires operands<A, B> constexpr auto operator>=(A&& a, B&& b) {
  return make<less_equal_op>(std::forward<B>(b), std::forward<A>(a));
}
/// 1 where elements are equal, else 0; as of <.
template <class A, class B> requires operands<A, B> constexpr auto operator==(A&& a, B&& b) {
  return make<equal_op>(std::forward<A>(a), std::forward<B>(b));
}
/// 1 where elements differ, else 0; as of <.
template <class A, class B> requires operands<A, B> constexpr auto operator!=(A&& a, B&& b) {
  return make<not_equal_op>(std::forward<A>(a), std::forward<B>(b));
}

/// The elements of a where c is not 0, else those of b: what `if` is for a formula. Shapes of all three broadcast. What is not
/// taken contributes no value, not even a NaN; its derivative is 0 times its slope, so guard an operand whose slope is infinite.
template <operand C, operand A, operand B> requires(!(number<C> && number<A> && number<B>))
constexpr auto select(C&& c, A&& a, B&& b) {
  return make<select_op>(std::forward<C>(c), std::forward<A>(a), std::forward<B>(b));
}
/// The larger of each two elements, NaN if either is; shapes broadcast as of +. Where they tie, each has half of the gradient.
template <class A, class B> requires operands<A, B> constexpr auto max(A&& a, B&& b) {
  return make<max_op>(std::forward<A>(a), std::forward<B>(b));
}
/// The smaller of each two elements, NaN if either is; shapes and ties as of max.
template <class A, class B> requires operands<A, B> constexpr auto min(A&& a, B&& b) {
  return make<min_op>(std::forward<A>(a), std::forward<B>(b));
}

}  // namespace knit
