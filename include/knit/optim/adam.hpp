// SPDX-License-Identifier: BSL-1.0
// adam.hpp -- gradient descent by running moments: w <- w - lr m / (sqrt(v) + eps), both without their bias.
#pragma once
#include <array>
#include <cmath>
#include <knit/op/transcendental.hpp>
#include <tuple>

namespace knit {

/// m <- beta1 m + (1 - beta1) g; v <- beta2 v + (1 - beta2) g^2;
/// w <- w - lr m' / (sqrt(v') + eps), where m' = m / (1 - beta1^t) and v' = v / (1 - beta2^t) after t steps.
/// eps stands outside the root, as in the paper's algorithm 1. Source: Kingma, Ba, ICLR 2015.
struct adam_rule {
  double lr = 0.001, beta1 = 0.9, beta2 = 0.999, eps = 1e-8;

  static constexpr int states = 2;
  std::array<double, 5> hyper(long step) const {
    return {lr / (1 - std::pow(beta1, double(step))), beta1, beta2, 1 / std::sqrt(1 - std::pow(beta2, double(step))), eps};
  }

  struct next {
    constexpr auto operator()(auto w, auto g, auto m, auto v, auto rate, auto beta1, auto beta2, auto unbias, auto eps) const {
      auto mean = beta1 % m + (1 - beta1) % g;
      auto power = beta2 % v + (1 - beta2) % square(g);
      return std::tuple(w - rate % mean / (unbias % sqrt(power) + eps), mean, power);
    }
  };
};

}  // namespace knit
