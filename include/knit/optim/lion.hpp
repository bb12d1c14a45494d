// SPDX-License-Identifier: BSL-1.0
// lion.hpp -- steps of one size in the direction of a running mean of gradients.
#pragma once
#include <array>
#include <knit/op/compare.hpp>
#include <knit/optim/rule.hpp>
#include <tuple>

namespace knit {

/// w <- w - lr (sign(m + (1 - beta1) (g - m)) + decay w); m <- m + (1 - beta2) (g - m). The sign of 0 is 0.
/// lr >= 0, 0 <= beta1 < 1, 0 <= beta2 < 1, decay >= 0. Source: Chen et al., NeurIPS 2023.
struct lion_rule {
  /// The paper's defaults.
  double lr = 0.0001, beta1 = 0.9, beta2 = 0.99, decay = 0;

  static constexpr char const* name = "lion";
  static constexpr int states = 1;
  std::array<double, 4> hyper(long) const {
    return {detail::from_0(lr, "lr of lion"), 1 - detail::below_1(beta1, "beta1 of lion"),
            1 - detail::below_1(beta2, "beta2 of lion"), lr * detail::from_0(decay, "decay of lion")};
  }

  struct next {
    constexpr auto operator()(auto w, auto g, auto m, auto rate, auto rest1, auto rest2, auto shrink) const {
      auto news = g - m;
      auto toward = m + rest1 % news;
      return std::tuple(w - rate % ((toward > 0) - (toward < 0)) - shrink % w, m + rest2 % news);
    }
  };
};

}  // namespace knit
