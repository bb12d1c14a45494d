// SPDX-License-Identifier: BSL-1.0
// conv.hpp -- a convolutional layer: f(conv4(w, x) + b).
#pragma once
#include <knit/nn/dense.hpp>
#include <knit/op/conv.hpp>
#include <knit/op/pool.hpp>

namespace knit {

/// How a filter moves over an image: Stride elements at a time, from Padding outside on, where all is 0.
template <int Stride, int Padding> struct moving {
  static constexpr int stride = Stride, padding = Padding;
};

/// w: width x height x channels x filters, b: 1 x 1 x filters, f: an activation such as relu, by: a `moving`.
template <class W, class B, class F, class M> struct conv {
  BOOST_HANA_DEFINE_STRUCT(conv, (W, w), (B, b), (F, f), (M, by));
  /// x is width x height x channels x instances, the result as of conv4, width' x height' x filters x instances; filters are not
  /// turned. Shapes that do not fit are an error of the compiler.
  template <class X> constexpr auto operator()(X&& x) const { return f(conv4<M::stride, M::padding>(w, std::forward<X>(x)) + b); }
};
/// `conv{w, b, relu, moving<1, 0>{}}`
template <class W, class B, class F, class M> conv(W, B, F, M) -> conv<W, B, F, M>;

/// `make_conv<5, 5, 1, 20>(relu)`: the layer with Out filters of Width x Height x In, float weights from an initialiser and biases of
/// zero; streams as of make_dense.
template <int Width, int Height, int In, int Out, int Stride = 1, int Padding = 0, class F = identity_function,
          class Init = xavier_uniform>
auto make_conv(F f = {}, Init const& first = {1}, init_stream stream = detail::source_location::current()) {
  tensor<float, Width, Height, In, Out> w;
  if constexpr (!initializer<Init>) complain<detail::no_initialiser<Init>()>();
  else w.fill([&](long i) { return first(stream.number, i, Width * Height * Out, Width * Height * In); });
  if constexpr (!detail::may_activate<F>) {
    complain<detail::no_activation<F>("make_conv")>();
    return conv{w, tensor<float, 1, 1, Out>(), identity, moving<Stride, Padding>{}};
  } else return conv{w, tensor<float, 1, 1, Out>(), f, moving<Stride, Padding>{}};
}
// Mistakes, as of make_dense.
/// A mistake, which a sentence of the compiler names.
template <int Width, int Height, int In, int Out, int Stride = 1, int Padding = 0, class... More>
auto make_conv(double (&)(double), More const&...) {
  complain<detail::name_of_functions<More...>("make_conv")>();
  return conv{tensor<float, Width, Height, In, Out>(), tensor<float, 1, 1, Out>(), identity, moving<Stride, Padding>{}};
}
/// A mistake, which a sentence of the compiler names.
template <std::integral A, std::integral B, class... More> auto make_conv(A, B, More const&...) {
  return complain<detail::sizes_as_arguments<A, B>("make_conv")>();
}

}  // namespace knit
