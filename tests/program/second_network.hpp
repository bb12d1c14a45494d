// SPDX-License-Identifier: BSL-1.0
// second_network.hpp -- a network of a user's own: an op, a layer, shapes that fill no panel, one weight used twice.
// Tested in second_network.cpp, timed in bench/second_mlp.cpp.
#pragma once
#include <knit/knit.hpp>

#include "softsign.hpp"

namespace second_network {

using namespace knit;

using own::softsign;

/// In - 300 - 64 - 64 - Out, where one 64 x 64 weight serves two layers.
template <class First, class Second, class W, class B, class C, class Last> struct tied {
  BOOST_HANA_DEFINE_STRUCT(tied, (First, first), (Second, second), (W, w), (B, b), (C, c), (Last, last));
  template <class X> constexpr auto operator()(X&& x) const {
    auto h = second(first(std::forward<X>(x)));
    auto again = softsign(w * h + b);
    return last(softsign(w * again + c));
  }
  template <class X, class Y> constexpr auto operator()(X&& x, Y&& y) const {
    return nll((*this)(std::forward<X>(x)), std::forward<Y>(y));
  }
};
template <class First, class Second, class W, class B, class C, class Last> tied(First, Second, W, B, C, Last)
    -> tied<First, Second, W, B, C, Last>;

constexpr int inputs = 500, batch_size = 37, classes = 7;
constexpr float rate = 0.2f;

inline auto make_network() {
  return tied{make_dense<inputs, 300>(softsign, xavier_uniform{3}, 0),
              make_dense<300, 64>(softsign, xavier_uniform{3}, 1),
              init<64, 64>(xavier_uniform{3}, 2),
              init<64>(gaussian{3, 0, 0.1f}, 3),
              init<64>(gaussian{3, 0, 0.1f}, 4),
              make_dense<64, classes>(identity, xavier_uniform{3}, 5)};
}
using network = decltype(make_network());
using X = tensor<float, inputs, batch_size>;
using Y = tensor<std::uint8_t, batch_size>;

inline X instances_of(int step) { return init<inputs, batch_size>(gaussian{11, 0, 1}, std::uint64_t(step)); }
inline Y labels_of(int step) {
  Y y;
  for (int i = 0; i < batch_size; ++i) y[i] = std::uint8_t((i * 5 + step * 3 + i * i) % classes);
  return y;
}

}  // namespace second_network
