// SPDX-License-Identifier: BSL-1.0
// momentum.hpp -- gradient descent that keeps its velocity: v <- gamma v + lr g, w <- w - v.
#pragma once
#include <array>
#include <knit/op/arithmetic.hpp>
#include <knit/optim/rule.hpp>
#include <tuple>

namespace knit {

/// v <- gamma v + lr g; w <- w - v. With a constant rate these are the steps of the form that keeps the rate out of
/// the velocity (v <- gamma v + g; w <- w - lr v). lr >= 0, 0 <= gamma < 1. Source: Polyak, USSR Comp.
/// Math. 4 (1964).
struct momentum_rule {
  /// Knet's defaults.
  double lr = 0.05, gamma = 0.95;

  static constexpr char const* name = "momentum";
  static constexpr int states = 1;
  std::array<double, 2> hyper(long) const {
    return {detail::from_0(lr, "lr of momentum"), detail::below_1(gamma, "gamma of momentum")};
  }

  struct next {
    constexpr auto operator()(auto w, auto g, auto v, auto rate, auto kept) const {
      auto faster = kept % v + rate % g;
      return std::tuple(w - faster, faster);
    }
  };
};

}  // namespace knit
