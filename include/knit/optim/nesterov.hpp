// SPDX-License-Identifier: BSL-1.0
// nesterov.hpp -- gradient descent that looks ahead along its velocity.
#pragma once
#include <array>
#include <knit/op/arithmetic.hpp>
#include <knit/optim/rule.hpp>
#include <tuple>

namespace knit {

/// v <- gamma v + lr g; w <- w - (gamma v + lr g), with the new v. With a constant rate these are the steps of the form that
/// keeps the rate out of the velocity. lr >= 0, 0 <= gamma < 1. Source: Sutskever, Martens, Dahl, Hinton, ICML 2013.
struct nesterov_rule {
  /// Knet's defaults.
  double lr = 0.05, gamma = 0.95;

  static constexpr char const* name = "nesterov";
  static constexpr int states = 1;
  std::array<double, 2> hyper(long) const {
    return {detail::from_0(lr, "lr of nesterov"), detail::below_1(gamma, "gamma of nesterov")};
  }

  struct next {
    constexpr auto operator()(auto w, auto g, auto v, auto rate, auto kept) const {
      auto down = rate % g;
      auto faster = kept % v + down;
      return std::tuple(w - (kept % faster + down), faster);
    }
  };
};

}  // namespace knit
