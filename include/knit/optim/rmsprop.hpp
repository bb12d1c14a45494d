// SPDX-License-Identifier: BSL-1.0
// rmsprop.hpp -- gradient descent by a running mean of squared gradients: w <- w - lr g / sqrt(s).
#pragma once
#include <array>
#include <knit/op/transcendental.hpp>
#include <knit/optim/rule.hpp>
#include <tuple>

namespace knit {

/// s <- rho s + (1 - rho) g^2; w <- w - lr g / (sqrt(s + eps) + eps_outside). Knet has eps under the root, PyTorch outside of
/// it: {.rho = 0.99, .eps = 0, .eps_outside = 1e-8}. lr >= 0, 0 <= rho < 1, and one of both eps > 0. Source: Tieleman,
/// Hinton, Coursera lecture 6.5 (2012).
struct rmsprop_rule {
  /// Knet's defaults.
  double lr = 0.01, rho = 0.9, eps = 1e-6, eps_outside = 0;

  static constexpr char const* name = "rmsprop";
  static constexpr int states = 1;
  std::array<double, 4> hyper(long) const {
    detail::above_0(eps + eps_outside, "eps + eps_outside of rmsprop");
    return {detail::from_0(lr, "lr of rmsprop"), 1 - detail::below_1(rho, "rho of rmsprop"), detail::from_0(eps, "eps of rmsprop"),
            detail::from_0(eps_outside, "eps_outside of rmsprop")};
  }

  struct next {
    constexpr auto operator()(auto w, auto g, auto s, auto rate, auto rest, auto inside, auto outside) const {
      auto power = s + rest % (square(g) - s);
      return std::tuple(w - rate % g / (sqrt(power + inside) + outside), power);
    }
  };
};

}  // namespace knit
