// SPDX-License-Identifier: BSL-1.0
// sgd.hpp -- stochastic gradient descent: w <- w - lr * g.
#pragma once
#include <array>
#include <knit/op/arithmetic.hpp>
#include <knit/optim/rule.hpp>

namespace knit {

/// w <- w - lr g, lr >= 0. Source: Robbins, Monro, Ann. Math. Stat. 22 (1951).
struct sgd_rule {
  /// Knet's default.
  double lr = 0.1;

  static constexpr char const* name = "sgd";
  std::array<double, 1> hyper(long) const { return {detail::from_0(lr, "lr of sgd")}; }

  struct next {
    /// A sum, since that is what libraries of products add theirs to.
    constexpr auto operator()(auto w, auto g, auto rate) const { return w + -rate % g; }
  };
};

}  // namespace knit
