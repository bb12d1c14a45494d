// SPDX-License-Identifier: BSL-1.0
// adagrad.hpp -- gradient descent by the sum of squared gradients: w <- w - lr g / sqrt(s).
#pragma once
#include <array>
#include <knit/op/transcendental.hpp>
#include <knit/optim/rule.hpp>
#include <tuple>

namespace knit {

/// s <- s + g^2; w <- w - lr g / (sqrt(s + eps) + eps_outside). Knet has eps under the root, PyTorch outside of it:
/// {.lr = 0.01, .eps = 0, .eps_outside = 1e-10}. lr >= 0, and one of both eps > 0. Source: Duchi, Hazan, Singer, JMLR 12 (2011).
struct adagrad_rule {
  /// Knet's defaults.
  double lr = 0.05, eps = 1e-6, eps_outside = 0;

  static constexpr char const* name = "adagrad";
  static constexpr int states = 1;
  std::array<double, 3> hyper(long) const {
    detail::above_0(eps + eps_outside, "eps + eps_outside of adagrad");
    return {detail::from_0(lr, "lr of adagrad"), detail::from_0(eps, "eps of adagrad"),
            detail::from_0(eps_outside, "eps_outside of adagrad")};
  }

  struct next {
    constexpr auto operator()(auto w, auto g, auto s, auto rate, auto inside, auto outside) const {
      auto power = s + square(g);
      return std::tuple(w - rate % g / (sqrt(power + inside) + outside), power);
    }
  };
};

}  // namespace knit
