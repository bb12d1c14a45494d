// SPDX-License-Identifier: BSL-1.0
// conv.hpp -- convolution, as a product that slides: sums of products of a filter and what of an image lies under it.
#pragma once
#include <knit/op/contract.hpp>

namespace knit {

/// Which of the three arrays of a convolution an op computes from the other two.
enum class conv_part {
  result,  ///< from filters and images
  image,   ///< from filters and results
  filter   ///< from results and images
};

/// Images x (W x H x C x N), filters f (K x L x C x O) and results y (W' x H' x O x N) are bound by one relation:
/// element w of y meets element i of f at element Stride * w + i - Padding of x, along both sliding axes. Each part is
/// the sum, over all that meets there, of the products of the other two; so all derivatives are ops of this kind again.
/// Operand 0 has axes of its own, the first axes of operand 1 slide: the op is (f, x) -> y, (f, y, like x) -> x,
/// (y, x, like f) -> f.
template <int Stride, int Padding, conv_part Part> struct conv_op;

namespace detail {
template <int Stride, int Padding> struct conv_base {
  static constexpr kind what = kind::contract;
  static constexpr int arity = 2;
  static constexpr char const* name = "conv";
  static constexpr sentence complain(shape const* s) {  // filters, images
    sentence t;
    shape const &f = s[0], &x = s[1];
    auto begin = [&]() -> sentence& {
      return t << "conv4<stride " << Stride << ", padding " << Padding << ">(w, x) of filters " << f << " and images " << x << ": ";
    };
    if (Stride < 1 || Padding < 0) begin() << "the stride is at least 1 and the padding at least 0";
    else if (f.rank != 4 || x.rank != 4)
      begin() << "filters are width x height x channels x filters and images width x height x channels x instances; reshape what "
                 "has other axes";
    else if (f.extent[2] != x.extent[2])
      begin() << "filters of " << f.extent[2] << " channels meet images of " << x.extent[2] << ", which must be equal";
    else if (f.named() || x.name[0] || x.name[1] || x.name[2])
      begin() << "only the number of instances may be known at run time only";
    else
      for (int q = 0; q < sliding_axes && t.empty(); ++q)
        if (x.extent[q] + 2 * Padding < f.extent[q])
          begin() << "along axis " << q << " a filter of " << f.extent[q] << " does not fit an image of " << x.extent[q] << " with "
                  << Padding << " on both sides; take a smaller filter or more padding";
    return t;
  }
};
}  // namespace detail

/// Filters over images.
template <int Stride, int Padding> struct conv_op<Stride, Padding, conv_part::result> : detail::conv_base<Stride, Padding> {
  static constexpr char const* labels[3] = {"ijco", "xycn", "whon"};
  static constexpr sliding slide[sliding_axes] = {{Stride, 1, -Padding, 1}, {Stride, 1, -Padding, 1}};
  static constexpr shape infer(shape const* s) {
    shape r;
    r.rank = 4;
    for (int q = 0; q < sliding_axes; ++q) r.extent[q] = (s[1].extent[q] + 2 * Padding - s[0].extent[q]) / Stride + 1;
    r.copy_axis(2, s[0], 3);
    r.copy_axis(3, s[1], 3);
    return r;
  }
  static constexpr auto pullback(auto, auto g, auto f, auto x) {
    return grads(make<conv_op<Stride, Padding, conv_part::filter>>(g, x, f),
                 make<conv_op<Stride, Padding, conv_part::image>>(f, g, x));
  }
};
/// Filters over results: the image, or its gradient.
template <int Stride, int Padding> struct conv_op<Stride, Padding, conv_part::image> : detail::conv_base<Stride, Padding> {
  static constexpr bool like = true;
  static constexpr char const* labels[3] = {"ijco", "whon", "xycn"};
  static constexpr sliding slide[sliding_axes] = {{1, -1, Padding, Stride}, {1, -1, Padding, Stride}};
  static constexpr sentence complain(shape const*) { return {}; }
  static constexpr shape infer(shape const* s) { return s[2]; }
  static constexpr auto pullback(auto, auto g, auto f, auto y, auto) {
    return grads(make<conv_op<Stride, Padding, conv_part::filter>>(y, g, f),
                 make<conv_op<Stride, Padding, conv_part::result>>(f, g));
  }
};
/// Results over images: the filter, or its gradient.
template <int Stride, int Padding> struct conv_op<Stride, Padding, conv_part::filter> : detail::conv_base<Stride, Padding> {
  static constexpr bool like = true;
  static constexpr char const* labels[3] = {"whon", "xycn", "ijco"};
  static constexpr sliding slide[sliding_axes] = {{1, Stride, -Padding, 1}, {1, Stride, -Padding, 1}};
  static constexpr sentence complain(shape const*) { return {}; }
  static constexpr shape infer(shape const* s) { return s[2]; }
  static constexpr auto pullback(auto, auto g, auto y, auto x, auto) {
    return grads(make<conv_op<Stride, Padding, conv_part::result>>(g, x),
                 make<conv_op<Stride, Padding, conv_part::image>>(g, y, x));
  }
};

/// The cross-correlation of images x (width x height x channels x instances) with filters w (width x height x channels x
/// filters): result (1 + (width + 2 padding - filter's width) / stride) x ... x filters x instances. The filters are not
/// turned: PyTorch's conv2d, Knet's conv4 with mode = 1. Outside an image all is 0. Shapes that do not fit are an error of the compiler.
template <int Stride = 1, int Padding = 0, function_operand W, function_operand X> constexpr auto conv4(W&& w, X&& x) {
  return make<conv_op<Stride, Padding, conv_part::result>>(std::forward<W>(w), std::forward<X>(x));
}

}  // namespace knit
