// SPDX-License-Identifier: BSL-1.0
// nets.hpp -- types of networks that are no plain chain of products.
#pragma once
#include <knit/nn/chain.hpp>
#include <knit/nn/conv.hpp>
#include <knit/nn/dense.hpp>

namespace programs {

using namespace knit;

/// x + f(g(x)).
template <class First, class Second> struct residual {
  BOOST_HANA_DEFINE_STRUCT(residual, (First, first), (Second, second));
  constexpr auto operator()(auto x) const { return x + second(first(x)); }
};
template <class First, class Second> residual(First, Second) -> residual<First, Second>;

/// For images of MNIST: a residual network as wide as the one of `mnist_mlp`, and LeNet.
using residual_net = decltype(make_chain(make_dense<784, 256>(relu), residual{make_dense<256, 256>(relu), make_dense<256, 256>()},
                                         make_dense<256, 10>()));
using lenet = decltype(make_chain(unmat<28, 28, 1>, make_conv<5, 5, 1, 20>(relu), pool<2>, make_conv<5, 5, 20, 50>(relu), pool<2>,
                                  mat, make_dense<800, 500>(relu), make_dense<500, 10>()));

}  // namespace programs
