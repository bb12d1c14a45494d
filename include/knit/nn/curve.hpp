// SPDX-License-Identifier: BSL-1.0
// curve.hpp -- a function with coefficients, and how far it is from what was measured.
#pragma once
#include <knit/expr/model.hpp>
#include <knit/op/arithmetic.hpp>

namespace knit {

/// A function f without state, and its coefficients b, which have no axes: a model for levenberg_marquardt.
// Coefficients are a pack, and no tuple among the template arguments, whose namespace has operators that ranges would
// find.
template <class F, class... B> struct curve_model {
  BOOST_HANA_DEFINE_STRUCT(curve_model, (F, f), (hana::tuple<B...>, b));
  template <class NewF, class NewB> using with_fields = mp::mp_push_front<mp::mp_rename<NewB, curve_model>, NewF>;

  /// The curve, f(x, b...), in the shape that f gives.
  template <class X> constexpr auto operator()(X&& x) const {
    return hana::unpack(b, [&](auto const&... c) { return f(lift(std::forward<X>(x)), lift(c)...); });
  }
  /// The residuals, f(x, b...) - y.
  template <class X, class Y> constexpr auto operator()(X&& x, Y&& y) const {
    return (*this)(std::forward<X>(x)) - lift(std::forward<Y>(y));
  }
};

/// The curve of a function of x and coefficients that start from the numbers given: `make_curve([](auto x, auto a, auto
/// b) { return a % exp(-b % x); }, 1, 0.5)`. They are double; what is computed is if x is.
template <class F, class... Number> requires(std::is_convertible_v<Number, double> && ...) auto make_curve(F f, Number... first) {
  return curve_model<F, std::conditional_t<true, tensor<double>, Number>...>{f, {tensor<double>(double(first))...}};
}

}  // namespace knit
