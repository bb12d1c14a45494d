// SPDX-License-Identifier: BSL-1.0
// pool.hpp -- every n-th element as a view, and with it the maximum and the mean of windows.
#pragma once
#include <knit/expr/call.hpp>
#include <knit/op/composite.hpp>

namespace knit {

/// Element x of the result is element (By * x + Offset) / Divisor of the operand, along the first two axes, and 0 where that is
/// no whole number or outside; the result has the shape of the second operand. Each element is read once at most, so the
/// derivative is the same with the two numbers changing places.
template <int By, int Offset0, int Offset1, int Divisor> struct sample_like_op {
  static constexpr kind what = kind::view;
  static constexpr view_kind see = view_kind::sampled;
  static constexpr int arity = 1;
  static constexpr bool like = true;
  static constexpr char const* name = "sample";
  static constexpr sliding slide[sliding_axes] = {{By, 0, Offset0, Divisor}, {By, 0, Offset1, Divisor}};
  static constexpr shape infer(shape const* s) { return s[1]; }
  static constexpr auto pullback(auto, auto g, auto a, auto) {
    return grads(make<sample_like_op<Divisor, -Offset0, -Offset1, By>>(g, a));
  }
};
/// Element (First, Second) of each window of Window x Window elements, of which neighbours are Stride apart.
template <int Window, int Stride, int First, int Second> struct sample_op {
  static constexpr kind what = kind::view;
  static constexpr view_kind see = view_kind::sampled;
  static constexpr int arity = 1;
  static constexpr char const* name = "sample";
  static constexpr sliding slide[sliding_axes] = {{Stride, 0, First, 1}, {Stride, 0, Second, 1}};
  static constexpr sentence complain(shape const* s) {
    sentence t;
    auto begin = [&]() -> sentence& { return t << "pool<" << Window << ", " << Stride << ">(x) of images " << s[0] << ": "; };
    if (Window < 1 || Stride < 1) begin() << "the window and the stride are at least 1";
    else if (s[0].rank < 2 || s[0].name[0] || s[0].name[1])
      begin() << "images have a width and a height that the compiler knows as their first axes; reshape what has not";
    else if (s[0].extent[0] < Window || s[0].extent[1] < Window)
      begin()
          << "windows are as wide as high, and this one does not fit; take a smaller one, or, along one axis, max<0> of a reshape";
    return t;
  }
  static constexpr shape infer(shape const* s) {
    shape r = s[0];
    for (int q = 0; q < sliding_axes; ++q) r.extent[q] = (s[0].extent[q] - Window) / Stride + 1;
    return r;
  }
  static constexpr auto pullback(auto, auto g, auto a) { return grads(make<sample_like_op<1, -First, -Second, Stride>>(g, a)); }
};

namespace detail {
/// F of the elements of each window. A functor of its own, and called as one: x is used again and again in it.
template <int Window, int Stride, class F> struct of_windows {
  template <class X> constexpr auto operator()(X const& x) const {
    return []<int... K>(X const& e, std::integer_sequence<int, K...>) {
      return F{}(make<sample_op<Window, Stride, K % Window, K / Window>>(e)...);
    }(x, std::make_integer_sequence<int, Window * Window>{});
  }
  template <class X> static constexpr auto call(X&& x) {
    if constexpr (poison<decltype(make<sample_op<Window, Stride, 0, 0>>(std::forward<X>(x)))>) return poisoned{};
    else return call_functor(of_windows{}, std::forward<X>(x));
  }
};
template <class A> constexpr auto largest_of(A const& a) { return a; }
template <class A, class B, class... More> constexpr auto largest_of(A const& a, B const& b, More const&... more) {
  return largest_of(max(a, b), more...);
}
struct largest {
  constexpr auto operator()(auto const&... v) const {
    auto y = detach(largest_of(v...));
    return make<as_op>(y, (select(v == y, v, 0_c) + ...) / ((v == y) + ...));
  }
};
struct mean_of {
  constexpr auto operator()(auto const&... v) const {
    return (v + ...) % constant<std::bit_cast<std::uint64_t>(1.0 / sizeof...(v))>{};
  }
};
}  // namespace detail

/// The largest element of each window of Window x Window elements, of which neighbours are Stride apart, along the first two
/// axes; windows that do not fit are left out: Knet's pool. Elements that tie share the gradient equally.
template <int Window, int Stride> struct pool_function {
  /// x is width x height x ..., the result 1 + (width - Window) / Stride x 1 + (height - Window) / Stride x ... A window that does
  /// not fit is an error of the compiler.
  template <function_operand X> constexpr auto operator()(X&& x) const {
    return detail::of_windows<Window, Stride, detail::largest>::call(std::forward<X>(x));
  }
};
/// The mean of each such window: Knet's pool with mode = 1.
template <int Window, int Stride> struct mean_pool_function {
  /// Shapes as of pool_function.
  template <function_operand X> constexpr auto operator()(X&& x) const {
    return detail::of_windows<Window, Stride, detail::mean_of>::call(std::forward<X>(x));
  }
};
/// `pool<2>(x)`, and `pool<2>` among the layers of a chain: the largest element of each window; see pool_function.
template <int Window = 2, int Stride = Window> inline constexpr pool_function<Window, Stride> pool{};
/// `mean_pool<2>(x)`, likewise: the mean of each window; see mean_pool_function.
template <int Window = 2, int Stride = Window> inline constexpr mean_pool_function<Window, Stride> mean_pool{};

}  // namespace knit
