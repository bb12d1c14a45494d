// SPDX-License-Identifier: BSL-1.0
// activation.hpp -- tanh, sigm, relu: elementwise, as callable objects that a layer can hold.
#pragma once
#include <knit/op/transcendental.hpp>

namespace knit {

/// The hyperbolic tangent.
struct tanh_op : elementwise<1> {
  static constexpr char const* name = "tanh";
  static constexpr int flops = 16;
  template <class V> KNIT_FN static V eval(V a) {
    using math::tanh;
    return tanh(a);
  }
  static constexpr auto pullback(auto y, auto g, auto) { return grads(g % (1 - y % y)); }
};
/// 1 / (1 + e^-a)
struct sigm_op : elementwise<1> {
  static constexpr char const* name = "sigm";
  static constexpr int flops = 16;
  template <class V> KNIT_FN static V eval(V a) {
    using math::sigm;
    return sigm(a);
  }
  static constexpr auto pullback(auto y, auto g, auto) { return grads(g % y % (1 - y)); }
};
/// max(a, 0); its derivative at 0 is 0
struct relu_op : elementwise<1> {
  static constexpr char const* name = "relu";
  static constexpr epilogue follows = epilogue::relu;
  template <class V> KNIT_FN static V eval(V a) {
    using math::max;
    return max(V(0), a);  // in this order a NaN stays one
  }
  static constexpr auto pullback(auto y, auto g, auto) { return grads(select(y > 0, g, 0)); }
};

/// A function as an object: `dense(w, b, relu)` holds one, `relu(x)` calls one.
template <class Op> struct activation {
  /// Op of each element, in the shape of a.
  template <function_operand A> constexpr auto operator()(A&& a) const { return make<Op>(std::forward<A>(a)); }
};
/// A layer without an activation has this one.
struct identity_function {
  /// a as an expression.
  template <function_operand A> constexpr auto operator()(A&& a) const { return lift(std::forward<A>(a)); }
};

/// The hyperbolic tangent of each element, in the shape of a. Among layers it is the object tanh_.
template <function_operand A> constexpr auto tanh(A&& a) { return make<tanh_op>(std::forward<A>(a)); }
/// tanh as an object (the name tanh itself is the C library's function too).
inline constexpr activation<tanh_op> tanh_{};
/// 1 / (1 + exp(-a)) of each element: the logistic function.
inline constexpr activation<sigm_op> sigm{};
/// max(0, a) of each element; its derivative at 0 is 0.
inline constexpr activation<relu_op> relu{};
/// The function that changes nothing, for a layer without an activation.
inline constexpr identity_function identity{};

}  // namespace knit
