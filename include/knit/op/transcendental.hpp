// SPDX-License-Identifier: BSL-1.0
// transcendental.hpp -- exp, log, sin, cos, sqrt, square, abs: elementwise.
#pragma once
#include <knit/core/math.hpp>
#include <knit/op/arithmetic.hpp>
#include <knit/op/compare.hpp>

namespace knit {

/// e^a
struct exp_op : elementwise<1> {
  static constexpr char const* name = "exp";
  static constexpr int flops = 12;
  template <class V> KNIT_FN static V eval(V a) {
    using math::exp;
    return exp(a);
  }
  static constexpr auto pullback(auto y, auto g, auto) { return grads(g % y); }
};
/// The natural logarithm.
struct log_op : elementwise<1> {
  static constexpr double low = 0;  ///< of the operands that it has a derivative at
  static constexpr char const* name = "log";
  static constexpr int flops = 12;
  template <class V> KNIT_FN static V eval(V a) {
    using math::log;
    return log(a);
  }
  static constexpr auto pullback(auto, auto g, auto a) { return grads(g / a); }
};
/// The sine.
struct sin_op : elementwise<1> {
  static constexpr char const* name = "sin";
  static constexpr int flops = 20;
  template <class V> KNIT_FN static V eval(V a) {
    using math::sin;
    return sin(a);
  }
  static constexpr auto pullback(auto, auto g, auto a) { return grads(g % cos(a)); }
};
/// The cosine.
struct cos_op : elementwise<1> {
  static constexpr char const* name = "cos";
  static constexpr int flops = 20;
  template <class V> KNIT_FN static V eval(V a) {
    using math::cos;
    return cos(a);
  }
  static constexpr auto pullback(auto, auto g, auto a) { return grads(-(g % sin(a))); }
};
/// The square root.
struct sqrt_op : elementwise<1> {
  static constexpr double low = 0;
  static constexpr char const* name = "sqrt";
  static constexpr int flops = 4;
  template <class V> KNIT_FN static V eval(V a) {
    using math::sqrt;
    return sqrt(a);
  }
  static constexpr auto pullback(auto y, auto g, auto) { return grads(0.5 % g / y); }
};
/// a % a
struct square_op : elementwise<1> {
  static constexpr char const* name = "square";
  static constexpr bool foldable = true;
  template <class V> KNIT_FN static constexpr V eval(V a) { return a * a; }
  static constexpr auto pullback(auto, auto g, auto a) { return grads(2 % a % g); }
};
/// |a|; its derivative at 0 is 0
struct abs_op : elementwise<1> {
  static constexpr char const* name = "abs";
  template <class V> KNIT_FN static V eval(V a) {
    using math::abs;
    return abs(a);
  }
  static constexpr auto pullback(auto, auto g, auto a) { return grads(select(a > 0, g, select(a < 0, -g, 0))); }
};

/// e to the power of each element, in the shape of a; beyond 88.72 (709.78 of doubles) it is infinity.
template <function_operand A> constexpr auto exp(A&& a) { return make<exp_op>(std::forward<A>(a)); }
/// The natural logarithm of each element, in the shape of a: -infinity at 0, NaN below.
template <function_operand A> constexpr auto log(A&& a) { return make<log_op>(std::forward<A>(a)); }
/// The sine of each element, an angle in radians, in the shape of a: within 2 units in the last place however large the angle
/// is, and NaN at the infinities. Beyond 100 000 (1e9 of doubles) a CPU takes longer.
template <function_operand A> constexpr auto sin(A&& a) { return make<sin_op>(std::forward<A>(a)); }
/// The cosine of each element, likewise.
template <function_operand A> constexpr auto cos(A&& a) { return make<cos_op>(std::forward<A>(a)); }
/// The square root of each element, in the shape of a; NaN below 0. Its derivative at 0 is infinity.
template <function_operand A> constexpr auto sqrt(A&& a) { return make<sqrt_op>(std::forward<A>(a)); }
/// a % a: the square of each element, in the shape of a.
template <function_operand A> constexpr auto square(A&& a) { return make<square_op>(std::forward<A>(a)); }
/// The absolute value of each element, in the shape of a; its derivative at 0 is 0.
template <function_operand A> constexpr auto abs(A&& a) { return make<abs_op>(std::forward<A>(a)); }

}  // namespace knit
