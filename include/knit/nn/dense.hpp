// SPDX-License-Identifier: BSL-1.0
// dense.hpp -- a fully connected layer: f(w * x + b).
#pragma once
#include <knit/expr/model.hpp>
#include <knit/nn/init.hpp>
#include <knit/op/activation.hpp>
#include <knit/op/contract.hpp>

namespace knit {

/// w: out x in, b: out, f: an activation such as relu.
template <class W, class B, class F> struct dense {
  BOOST_HANA_DEFINE_STRUCT(dense, (W, w), (B, b), (F, f));
  /// x is in x instances, or of one instance in; the result is out x instances, or out. Others are an error of the compiler.
  template <class X> constexpr auto operator()(X&& x) const { return f(w * std::forward<X>(x) + b); }
};
/// `dense{w, b, relu}`
template <class W, class B, class F> dense(W, B, F) -> dense<W, B, F>;
/// `dense{w, b}`, without an activation
template <class W, class B> dense(W, B) -> dense<W, B, identity_function>;

/// An array of the given extents, its elements from an initialiser: `init<256, 784>(xavier_uniform{1}, 0)`.
/// Arrays under one seed differ if their streams do; one that is not named is the place of the call (init_stream).
template <long... N, class Init>
tensor<float, N...> init(Init const& first, init_stream stream = detail::source_location::current()) {
  static_assert(extents<N...>::named == 0, "knit: what is initialised has extents that the compiler knows");
  tensor<float, N...> t;
  constexpr shape s = extents<N...>::value;
  t.fill([&](long i) { return first(stream.number, i, s.extent[0], int(s.size() / s.extent[0])); });
  return t;
}

/// `make_dense<784, 256>(relu)`: the layer In -> Out with float weights, Out x In, from an initialiser and biases of zero. Layers that are made at two places in the
/// source have two streams, and so weights of their own; a stream that is named makes them independent of the place.
template <int In, int Out, class F = identity_function, class Init = xavier_uniform>
auto make_dense(F f = {}, Init const& first = {1}, init_stream stream = detail::source_location::current()) {
  return dense{init<Out, In>(first, stream), tensor<float, Out>(), f};
}

}  // namespace knit
