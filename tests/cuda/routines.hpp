// SPDX-License-Identifier: BSL-1.0
// routines.hpp -- programs with products that a library's routine may do, and targets that leave all they can to one.
#pragma once
#include <knit/backend/cuda/kernel.hpp>

#include <knit/nn/conv.hpp>

#include "programs.hpp"

namespace routines {

using namespace knit;

/// Plans in which each product that a routine could do is a region of its own, at the sizes of tests.
struct for_small_products : cuda::for_blocks {
  static constexpr tuning tune = [] {
    tuning t = cuda::for_blocks::tune;
    t.routine_flops = 1, t.routine_byte_flops = 0;
    return t;
  }();
};
/// The same plans, and libraries that do these products and convolutions.
struct for_library : for_small_products {
  static constexpr bool has_products = true, has_convolutions = true;
};

/// A value of a function of arrays X..., an output.
template <class F, class... X> struct value_of {
  using argument_tag = value_of;
  static constexpr int first_argument = 0, argument_count = int(sizeof...(X));
  static constexpr std::array<leaf_info, sizeof...(X)> leaves{knit::detail::leaf_of_array<X>...};
  template <int... K> static constexpr auto trace(std::integer_sequence<int, K...>) {
    return F{}(argument<value_of, K, typename X::extents_type>{}...);
  }
  using results = mp::mp_list<result<typename decltype(trace(std::make_integer_sequence<int, int(sizeof...(X))>{}))::graph>>;
};
struct product_of_two {
  constexpr auto operator()(auto a, auto b) const { return a * b; }
};
/// 1024 x 1024 times 1024 x 1024, plain and with weights in panels.
struct large : value_of<product_of_two, view<float, 1024, 1024>, view<float, 1024, 1024>> {};
struct large_weights : value_of<product_of_two, tensor<float, 1024, 1024>, view<float, 1024, 1024>> {};
struct large_double : value_of<product_of_two, view<double, 1024, 1024>, view<double, 1024, 1024>> {};

struct layer_of {
  constexpr auto operator()(auto w, auto x, auto b) const { return relu(w * x + b); }
};
struct large_layer : value_of<layer_of, tensor<float, 512, 1024>, view<float, 1024, 512>, tensor<float, 512>> {};

/// A layer of 2048 at a batch of 512.
using wide_mlp = decltype(make_chain(make_dense<1024, 2048>(relu), make_dense<2048, 10>()));
struct wide_sgd : training_program<wide_mlp, sgd_rule, view<unorm8, 1024, 512>, view<std::uint8_t, 512>> {};

// ---- where operands and results may lie ----------------------------------------------------------------

struct transposed_of {
  constexpr auto operator()(auto a, auto b) const { return relu(transpose(a) * transpose(b)); }
};
struct batch_of {
  constexpr auto operator()(auto a, auto b) const { return einsum<"mkb,knb->mnb">(a, b); }
};
struct turned_of {
  constexpr auto operator()(auto a, auto b) const { return einsum<"mk,kn->nm">(a, b); }
};
/// Weights in panels, a bias, a relu; one panel; plain operands, turned; a batch; a product of two panels' rows.
struct layer : value_of<layer_of, tensor<float, 96, 64>, view<float, 64, 20>, tensor<float, 96>> {};
struct one_panel : value_of<layer_of, tensor<float, 20, 64>, view<float, 64, 20>, tensor<float, 20>> {};
struct transposed : value_of<transposed_of, view<float, 24, 36>, view<float, 20, 24>> {};
struct batch : value_of<batch_of, view<float, 24, 36, 5>, view<float, 36, 20, 5>> {};
struct turned : value_of<turned_of, view<float, 24, 36>, view<float, 36, 20>> {};
struct by_columns : value_of<transposed_of, view<float, 24, 36>, tensor<float, 64, 24>> {};

/// Convolutions: a layer, whose result is read in place, and derivatives of one with a stride, whose images have gaps between rows.
struct conv_layer_of {
  constexpr auto operator()(auto w, auto x, auto b) const { return relu(conv4<1, 1>(w, x) + b); }
};
struct conv_layer : value_of<conv_layer_of, tensor<float, 3, 3, 4, 6>, view<float, 9, 8, 4, 5>, tensor<float, 1, 1, 6>> {};
struct large_conv : value_of<conv_layer_of, tensor<float, 3, 3, 64, 64>, view<float, 32, 32, 64, 32>, tensor<float, 1, 1, 64>> {};
/// The same, as few as a routine is worth.
struct gpu_conv : value_of<conv_layer_of, tensor<float, 3, 3, 64, 64>, view<float, 32, 32, 64, 8>, tensor<float, 1, 1, 64>> {};
struct conv_loss_of {
  constexpr auto operator()(auto w, auto v, auto x, auto b) const {
    return sum(square(relu(conv4<2, 1>(v, relu(conv4<1, 1>(w, x) + b)))));
  }
};
struct conv_derivatives : knit::detail::gradients_spec<conv_loss_of, tensor<float, 3, 3, 4, 6>, tensor<float, 3, 2, 6, 5>,
                                                       view<float, 9, 8, 4, 5>, tensor<float, 1, 1, 6>> {};
/// A step of training: results that convolutions read, derivatives of filters in the arena, an image's that nobody wants.
using conv_net =
    decltype(make_chain(make_conv<3, 3, 2, 4, 1, 1>(relu), make_conv<3, 3, 4, 6, 2>(relu), mat, make_dense<150, 10>()));
struct conv_sgd : training_program<conv_net, sgd_rule, tensor<float, 11, 11, 2, 8>, view<std::uint8_t, 8>> {};
/// Too many letters for a product, too few to slide.
struct dot_of {
  constexpr auto operator()(auto w, auto x) const { return conv4(w, x); }
};
struct whole_image : value_of<dot_of, tensor<float, 9, 8, 4, 6>, view<float, 9, 8, 4, 5>> {};

/// What no routine reads: a last panel that is narrower, terms along the rows of panels; weights in panels on both sides.
struct ragged : value_of<product_of_two, tensor<float, 40, 24>, view<float, 24, 20>> {};
struct terms_in_panels : value_of<transposed_of, tensor<float, 64, 36>, view<float, 20, 64>> {};
struct loss_of_two {
  constexpr auto operator()(auto a, auto b) const { return sum(square(a * b)); }
};
struct two_panelled : knit::detail::gradients_spec<loss_of_two, view<float, 96, 64>, tensor<float, 64, 40>> {};

struct loss_of {
  constexpr auto operator()(auto w, auto x, auto b) const { return sum(square(relu(w * x + b))); }
};
/// Derivatives as next values of states: of a plain array, and of one in panels.
struct layer_derivatives : knit::detail::gradients_spec<loss_of, tensor<float, 64, 36>, view<float, 36, 40>, tensor<float, 64>> {};

/// Three layers, of which one has no weights that a routine reads from the left.
using small_mlp = decltype(make_chain(make_dense<52, 64>(relu), make_dense<64, 32>(relu), make_dense<32, 10>()));
struct small_sgd : training_program<small_mlp, sgd_rule, view<unorm8, 52, 40>, view<std::uint8_t, 40>> {};

/// So many regions of a program are for a routine; so many are left to one where there is a library.
template <class Spec, class Target> constexpr int routine_regions() {
  using P = compiled<Spec, Target>;
  int n = 0;
  for (int r = 0; r < P::plan.region_count; ++r) n += P::plan.regions[r].routine;
  return n;
}
template <class Spec> inline constexpr int left_to_library = cuda::products_of<compiled<Spec, for_library>>();
/// Of those, so many are updates of a state.
template <class Spec> inline constexpr int updates_left_to_library = [] {
  using P = compiled<Spec, for_library>;
  return []<int... R>(std::integer_sequence<int, R...>) {
    return (int(cuda::is_left_product<P, R>() && cuda::call_of<P, R>.factor >= 0) + ... + 0);
  }(std::make_integer_sequence<int, P::plan.region_count>{});
}();

}  // namespace routines
