// SPDX-License-Identifier: BSL-1.0
// reduce.hpp -- sum, max, mean over all axes (a scalar) or some (which stay, with extent 1).
#pragma once
#include <knit/op/compare.hpp>
#include <knit/op/shape.hpp>

namespace knit {

/// A reduction along the axes named, which stay with extent 1, or along all, which leaves a number.
template <int... Axes> struct reduction {
  static constexpr kind what = kind::reduce;
  static constexpr int arity = 1;
  static constexpr bool named(int axis) { return sizeof...(Axes) == 0 || ((axis == Axes) || ...); }
  static constexpr bool reduces(int axis, shape from, shape) { return named(axis) && from.extent[axis] > 1; }
  static constexpr shape infer(shape const* s) {
    shape r = s[0];
    if (sizeof...(Axes) == 0) r = shape{};
    for (int k = 0; k < max_rank; ++k)
      if (named(k)) r.drop_axis(k);
    return r;
  }
  static constexpr sentence complain(shape const* s) {
    sentence t;
    constexpr int axes[] = {Axes..., 0};
    for (int k = 0; k < int(sizeof...(Axes)) && t.empty(); ++k) {
      if (axes[k] < 0 || axes[k] >= s[0].rank)
        t << "a reduction over axis " << axes[k] << " of an array of shape " << s[0] << ": axes count from 0, so name one below "
          << s[0].rank;
      for (int i = 0; i < k; ++i)
        if (axes[i] == axes[k]) t << "a reduction over axis " << axes[k] << ", which is named twice; name each axis once";
    }
    return t;
  }
};

/// The sum along axes.
template <int... Axes> struct sum_op : reduction<Axes...> {
  static constexpr char const* name = "sum";
  static constexpr combine how = combine::sum;
  static constexpr auto pullback(auto, auto g, auto a) { return grads(make<broadcast_like_op>(g, a)); }
};
/// Elements that tie for the maximum share its gradient equally.
template <int... Axes> struct maximum_op : reduction<Axes...> {
  static constexpr char const* name = "max";
  static constexpr combine how = combine::maximum;
  static constexpr auto pullback(auto y, auto g, auto a) {
    auto tied = make<equal_op>(a, y);
    return grads(make<select_op>(tied, g / make<sum_to_like_op>(tied, y), 0));
  }
};

/// The sum of the elements over the named axes (counted from 0), which stay with extent 1; over all axes when none is named, and then
/// the result is a number. An axis that the array lacks is an error of the compiler.
template <int... Axes, function_operand A> constexpr auto sum(A&& a) { return make<sum_op<Axes...>>(std::forward<A>(a)); }
/// The largest element, likewise; NaN if there is one. Elements that tie share the gradient equally.
template <int... Axes, function_operand A> constexpr auto max(A&& a) { return make<maximum_op<Axes...>>(std::forward<A>(a)); }
/// The mean of the elements, likewise; of a named extent that of the elements that there are.
template <int... Axes, function_operand A> constexpr auto mean(A&& a) {
  auto e = lift(std::forward<A>(a));
  auto s = sum<Axes...>(e);
  return s / make<count_per_op>(e, s);
}

}  // namespace knit
