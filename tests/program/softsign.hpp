// SPDX-License-Identifier: BSL-1.0
// softsign.hpp -- an op as a user writes it, for the networks of this folder.
#pragma once
#include <knit/knit.hpp>

namespace own {

using namespace knit;

/// a / (1 + |a|)
struct softsign_op : elementwise<1> {
  static constexpr char const* name = "softsign";
  static constexpr int flops = 3;
  template <class V> static V eval(V a) {
    using math::abs;
    return a / (V(1) + abs(a));
  }
  static constexpr auto pullback(auto, auto g, auto a) { return grads(g / square(1 + abs(a))); }
};
inline constexpr activation<softsign_op> softsign{};

}  // namespace own
