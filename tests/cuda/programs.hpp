// SPDX-License-Identifier: BSL-1.0
// programs.hpp -- programs with short names, for nvcc and the host alike: steps of training, every op, and functions.hpp's.
#pragma once
#include <knit/optim/momentum.hpp>

#include "functions.hpp"
#include "mnist.hpp"
#include "nets.hpp"

namespace programs {

using namespace knit;

/// 52 pixels, 24 hidden, 10 classes, 20 instances: each contraction is in tiles, and none fills them.
using small_mlp = decltype(make_chain(make_dense<52, 24>(relu), make_dense<24, 10>()));
struct small_sgd : training_program<small_mlp, sgd_rule, view<unorm8, 52, 20>, view<std::uint8_t, 20>> {};
struct small_adam : training_program<small_mlp, adam_rule, view<unorm8, 52, 20>, view<std::uint8_t, 20>> {};

/// Bytes in columns of whole sectors, which one product sums over and another has as columns; all tiles are full.
using images_mlp = decltype(make_chain(make_dense<128, 64>(relu), make_dense<64, 16>()));
struct images_sgd : training_program<images_mlp, sgd_rule, view<unorm8, 128, 64>, view<std::uint8_t, 64>> {};

using residual_mlp =
    decltype(make_chain(make_dense<6, 16>(tanh_), residual{make_dense<16, 16>(relu), make_dense<16, 16>()}, make_dense<16, 10>()));
struct residual_momentum : training_program<residual_mlp, momentum_rule, tensor<float, 6, 33>, view<std::uint8_t, 33>> {};

/// Convolutions that are in tiles and that are not, with padding and with a stride, and pooling.
using small_cnn =
    decltype(make_chain(make_conv<3, 3, 2, 8, 1, 1>(relu), pool<2>, make_conv<2, 2, 8, 4, 2>(tanh_), mat, make_dense<24, 10>()));
struct conv_sgd : training_program<small_cnn, sgd_rule, tensor<float, 12, 8, 2, 3>, view<std::uint8_t, 3>> {};

// ---- products in bf16 ----------------------------------------------------------------------------------

struct products_bf16 : products {
  static constexpr auto products = precision::bf16;
};
struct slabs_bf16 : slabs {
  static constexpr auto products = precision::bf16;
};
struct small_bf16 : small_adam {
  static constexpr auto products = precision::bf16;
};

// ---- every op of the catalogue that is elementwise or a reduction --------------------------------------

/// Its value on arrays of float of the extents E..., an output for each op.
template <class Self, class Ops, class... E> struct each_op {
  using argument_tag = Self;
  static constexpr int first_argument = 0, argument_count = sizeof...(E);
  static constexpr std::array<leaf_info, sizeof...(E)> leaves{leaf_info{element::f32, {}, E::value}...};
  template <class Op, int... K> static auto value_of(std::integer_sequence<int, K...>) {
    return make<Op>(argument<Self, K, mp::mp_at_c<mp::mp_list<E...>, K>>{}...);
  }
  template <class... Op> static auto list(mp::mp_list<Op...>)
      -> mp::mp_list<result<typename decltype(value_of<Op>(std::make_integer_sequence<int, sizeof...(E)>{}))::graph>...>;
  using results = decltype(list(Ops{}));
};
struct unary_ops : each_op<unary_ops, catalogue::unary, extents<37, 5>> {};
/// Of small angles and, by what is prepared, of large ones.
struct waves : each_op<waves, mp::mp_list<sin_op, cos_op>, extents<37, 5>> {};
struct binary_ops : each_op<binary_ops, catalogue::binary, extents<37, 5>, extents<1, 5>> {};
struct ternary_ops : each_op<ternary_ops, catalogue::ternary, extents<40>, extents<40, 3>, extents<>> {};
struct reductions : each_op<reductions, catalogue::reductions, extents<37, 50>> {};
struct scans : each_op<scans, catalogue::scans, extents<1, 90>, extents<70, 90>> {};

}  // namespace programs
