// SPDX-License-Identifier: BSL-1.0
// adadelta.hpp -- gradient descent in the units of the weights: by running means of squared gradients and squared steps.
#pragma once
#include <array>
#include <knit/op/transcendental.hpp>
#include <knit/optim/rule.hpp>
#include <tuple>

namespace knit {

/// s <- rho s + (1 - rho) g^2; d = g sqrt(t + eps) / sqrt(s + eps); w <- w - lr d; t <- rho t + (1 - rho) d^2. Knet and PyTorch
/// agree on it, but for PyTorch's eps of 1e-6 and lr of 1 being Knet's as well. lr >= 0, 0 <= rho < 1, eps > 0. Source: Zeiler, arXiv 1212.5701 (2012).
struct adadelta_rule {
  /// Knet's defaults.
  double lr = 1, rho = 0.9, eps = 1e-6;

  static constexpr char const* name = "adadelta";
  static constexpr int states = 2;
  std::array<double, 3> hyper(long) const {
    return {detail::from_0(lr, "lr of adadelta"), 1 - detail::below_1(rho, "rho of adadelta"),
            detail::above_0(eps, "eps of adadelta")};
  }

  struct next {
    constexpr auto operator()(auto w, auto g, auto s, auto t, auto rate, auto rest, auto inside) const {
      auto power = s + rest % (square(g) - s);
      auto step = g % sqrt((t + inside) / (power + inside));
      return std::tuple(w - rate % step, power, t + rest % (square(step) - t));
    }
  };
};

}  // namespace knit
