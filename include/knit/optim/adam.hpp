// SPDX-License-Identifier: BSL-1.0
// adam.hpp -- gradient descent by running moments: w <- w - lr m / (sqrt(v) + eps), both without their bias.
#pragma once
#include <array>
#include <cmath>
#include <knit/op/transcendental.hpp>
#include <knit/optim/rule.hpp>
#include <tuple>

namespace knit {

/// m <- m + (1 - beta1) (g - m); v <- v + (1 - beta2) (g^2 - v);
/// w <- w - lr m' / (sqrt(v') + eps), where m' = m / (1 - beta1^t) and v' = v / (1 - beta2^t) after t steps.
/// eps stands outside the root, as in the paper's algorithm 1. lr >= 0, 0 <= beta1 < 1, 0 <= beta2 < 1, eps > 0. Source: Kingma, Ba, ICLR 2015.
struct adam_rule {
  double lr = 0.001, beta1 = 0.9, beta2 = 0.999, eps = 1e-8;

  static constexpr char const* name = "adam";
  static constexpr int states = 2;
  /// 1 - beta is worked out here, in double: of a beta near 1 that was rounded to float it would be wrong by 5e-5. The
  /// root that takes v's bias away stands before lr and eps, where it costs nothing for each element.
  std::array<double, 4> hyper(long step) const {
    const double b1 = detail::below_1(beta1, "beta1 of adam"), b2 = detail::below_1(beta2, "beta2 of adam");
    const double root = std::sqrt(1 - std::pow(b2, double(step)));
    return {detail::from_0(lr, "lr of adam") * root / (1 - std::pow(b1, double(step))), 1 - b1, 1 - b2,
            detail::above_0(eps, "eps of adam") * root};
  }

  struct next {
    constexpr auto operator()(auto w, auto g, auto m, auto v, auto rate, auto rest1, auto rest2, auto outside) const {
      auto mean = m + rest1 % (g - m);
      auto power = v + rest2 % (square(g) - v);
      return std::tuple(w - rate % mean / (sqrt(power) + outside), mean, power);
    }
  };
};

}  // namespace knit
