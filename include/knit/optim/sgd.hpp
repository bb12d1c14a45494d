// SPDX-License-Identifier: BSL-1.0
// sgd.hpp -- stochastic gradient descent: w <- w - lr * g.
#pragma once
#include <knit/op/arithmetic.hpp>

namespace knit {

/// An update rule: `hyper` lists the numbers that it reads at run time, `next` the expression of w's next value.
struct sgd_rule {
  /// Knet's default.
  float lr = 0.1f;

  static constexpr int hyper_count = 1;
  std::array<double, 1> hyper() const { return {double(lr)}; }

  struct next {
    constexpr auto operator()(auto w, auto g, auto rate) const { return w - rate % g; }
  };
};

}  // namespace knit
