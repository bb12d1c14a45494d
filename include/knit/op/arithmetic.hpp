// SPDX-License-Identifier: BSL-1.0
// arithmetic.hpp -- + - % / and unary minus: elementwise, with broadcasting.
#pragma once
#include <knit/expr/expr.hpp>
#include <limits>

namespace knit {

/// a + b
struct add_op : elementwise<2> {
  static constexpr char const* name = "+";
  static constexpr epilogue follows = epilogue::sum;
  static constexpr bool infix = true, foldable = true;
  static constexpr double left_unit = 0, right_unit = 0;
  template <class V> KNIT_FN static constexpr V eval(V a, V b) { return a + b; }
  static constexpr auto pullback(auto, auto g, auto, auto) { return grads(g, g); }
};
/// a - b
struct sub_op : elementwise<2> {
  static constexpr char const* name = "-";
  static constexpr bool infix = true, foldable = true;
  static constexpr double right_unit = 0;
  template <class V> KNIT_FN static constexpr V eval(V a, V b) { return a - b; }
  static constexpr auto pullback(auto, auto g, auto, auto) { return grads(g, -g); }
};
/// a % b, the product of elements
struct mul_op : elementwise<2> {
  static constexpr char const* name = "%";
  static constexpr epilogue follows = epilogue::factor;
  static constexpr bool infix = true, foldable = true;
  static constexpr double left_unit = 1, right_unit = 1, absorbing = 0;
  template <class V> KNIT_FN static constexpr V eval(V a, V b) { return a * b; }
  static constexpr auto pullback(auto, auto g, auto a, auto b) { return grads(g % b, g % a); }
};
/// a / b
struct div_op : elementwise<2> {
  static constexpr int divisor = 1;  ///< the operand that must not be 0 where there is a derivative
  static constexpr char const* name = "/";
  static constexpr bool infix = true, foldable = true;
  static constexpr double right_unit = 1;
  /// A quotient by zero is no constant expression in C++, but it is a number in IEEE arithmetic.
  static constexpr double fold(double const* x) {
    if (x[1] != 0) return x[0] / x[1];
    constexpr double infinity = std::numeric_limits<double>::infinity();
    return x[0] > 0 ? infinity : x[0] < 0 ? -infinity : std::numeric_limits<double>::quiet_NaN();
  }
  template <class V> KNIT_FN static constexpr V eval(V a, V b) { return a / b; }
  static constexpr auto pullback(auto y, auto g, auto, auto b) { return grads(g / b, -(g % y / b)); }
};
/// -a
struct neg_op : elementwise<1> {
  static constexpr char const* name = "-";
  static constexpr bool foldable = true;
  template <class V> KNIT_FN static constexpr V eval(V a) { return -a; }
  static constexpr auto pullback(auto, auto g, auto) { return grads(-g); }
};

/// The sum of elements. Shapes broadcast: along each axis extents are equal or one of them is 1, and missing trailing axes count
/// as 1; the result has the larger extents. Shapes that do not broadcast are an error of the compiler, here and below.
template <class A, class B> requires operands<A, B> constexpr auto operator+(A&& a, B&& b) {
  return make<add_op>(std::forward<A>(a), std::forward<B>(b));
}
/// The difference of elements; shapes as of +.
template <class A, class B> requires operands<A, B> constexpr auto operator-(A&& a, B&& b) {
  return make<sub_op>(std::forward<A>(a), std::forward<B>(b));
}
/// The product of elements; shapes as of +. The product of linear algebra is *.
template <class A, class B> requires operands<A, B> constexpr auto operator%(A&& a, B&& b) {
  return make<mul_op>(std::forward<A>(a), std::forward<B>(b));
}
/// The quotient of elements; shapes as of +. By 0 it is an infinity, and 0 / 0 is NaN.
template <class A, class B> requires operands<A, B> constexpr auto operator/(A&& a, B&& b) {
  return make<div_op>(std::forward<A>(a), std::forward<B>(b));
}
/// What functions take: an expression or an array; numbers alone are the standard library's.
template <class T> concept function_operand = operand<T> && !number<T>;

namespace detail {
template <class A> constexpr sentence no_compound(char const* op) {
  return sentence() << "a " << op
                    << "= b of arrays or expressions: an array changes by assignment, and an expression never; write a = a " << op
                    << " b, or for what is traced a new name, auto c = a " << op << " b";
}
}  // namespace detail
/// A mistake, which a sentence of the compiler names.
template <function_operand A, operand B> constexpr auto operator+=(A const&, B const&) {
  return complain<detail::no_compound<A>("+")>();
}
/// A mistake, which a sentence of the compiler names.
template <function_operand A, operand B> constexpr auto operator-=(A const&, B const&) {
  return complain<detail::no_compound<A>("-")>();
}
/// A mistake, which a sentence of the compiler names.
template <function_operand A, operand B> constexpr auto operator*=(A const&, B const&) {
  return complain<detail::no_compound<A>("*")>();
}
/// A mistake, which a sentence of the compiler names.
template <function_operand A, operand B> constexpr auto operator/=(A const&, B const&) {
  return complain<detail::no_compound<A>("/")>();
}
/// A mistake, which a sentence of the compiler names.
template <function_operand A, operand B> constexpr auto operator%=(A const&, B const&) {
  return complain<detail::no_compound<A>("%")>();
}

/// The elements with the other sign, in the shape of a.
template <function_operand A> constexpr auto operator-(A&& a) { return make<neg_op>(std::forward<A>(a)); }

}  // namespace knit
