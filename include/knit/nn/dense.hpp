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
  static constexpr shape weight = W::shape;  ///< out x in, which a chain compares with that of the layer before
  /// x is in x instances, or of one instance in; the result is out x instances, or out. Others are an error of the compiler.
  template <class X> constexpr auto operator()(X&& x) const { return f(w * std::forward<X>(x) + b); }
};
/// `dense{w, b, relu}`
template <class W, class B, class F> dense(W, B, F) -> dense<W, B, F>;
/// `dense{w, b}`, without an activation
template <class W, class B> dense(W, B) -> dense<W, B, identity_function>;

namespace detail {
template <class F> constexpr sentence named_init(shape const& s) {
  return sentence() << "init of an array of shape " << s
                    << "; the compiler must know the extents of what is initialised, so give it numbers";
}
template <class F> constexpr sentence no_initialiser() {
  return sentence() << "the first values of weights come from an initialiser, such as xavier_uniform{1}, of seed 1, or "
                       "gaussian{1, 0, 0.1f}, and this is none; "
                       "for equal ones write tensor<float, 256, 784>(0.1f)";
}
template <class F> constexpr sentence no_activation(char const* layer) {
  return sentence() << "the first argument of " << layer
                    << " is the activation, relu, sigm, tanh_, identity or a function of yours, and this is none; "
                       "an initialiser is the second: "
                    << layer << "<...>(identity, gaussian{1})";
}
template <class... A> constexpr sentence name_of_functions(char const* layer) {
  return sentence() << "the activation of " << layer
                    << " is an object, and this is the name of several functions; write tanh_ for tanh, and "
                       "[](auto x) { return exp(x); } for exp";
}
template <class... A> constexpr sentence sizes_as_arguments(char const* layer) {
  return sentence() << layer << "(784, 10, ...): sizes are part of the type, so they stand in angle brackets: " << layer
                    << "<784, 10>(relu)";
}
template <class F> constexpr bool may_activate = std::is_class_v<F> && !initializer<F>;
}  // namespace detail

/// An array of the given extents, its elements from an initialiser: `init<256, 784>(xavier_uniform{1}, 0)`.
/// Arrays under one seed differ if their streams do; one that is not named is the place of the call (init_stream).
template <long... N, class Init>
tensor<float, N...> init(Init const& first, init_stream stream = detail::source_location::current()) {
  tensor<float, N...> t;
  constexpr shape s = extents<N...>::value;
  if constexpr (s.named()) complain<detail::named_init<Init>(s)>();
  else if constexpr (!initializer<Init>) complain<detail::no_initialiser<Init>()>();
  else t.fill([&](long i) { return first(stream.number, i, s.extent[0], int(s.size() / s.extent[0])); });
  return t;
}

/// `make_dense<784, 256>(relu)`: the layer In -> Out with float weights, Out x In, from an initialiser and biases of zero. Layers that are made at two places in the
/// source have two streams, and so weights of their own; a stream that is named makes them independent of the place.
template <int In, int Out, class F = identity_function, class Init = xavier_uniform>
auto make_dense(F f = {}, Init const& first = {1}, init_stream stream = detail::source_location::current()) {
  if constexpr (!detail::may_activate<F>) {
    complain<detail::no_activation<F>("make_dense")>();
    return dense{tensor<float, Out, In>(), tensor<float, Out>()};
  } else return dense{init<Out, In>(first, stream), tensor<float, Out>(), f};
}
// Mistakes: make_dense<784, 10>(tanh), a name that the C library has too, and make_dense(784, 10).
/// A mistake, which a sentence of the compiler names.
template <int In, int Out, class... More> auto make_dense(double (&)(double), More const&...) {
  complain<detail::name_of_functions<More...>("make_dense")>();
  return dense{tensor<float, Out, In>(), tensor<float, Out>()};
}
/// A mistake, which a sentence of the compiler names.
template <std::integral A, std::integral B, class... More> auto make_dense(A, B, More const&...) {
  return complain<detail::sizes_as_arguments<A, B>("make_dense")>();
}

}  // namespace knit
