// SPDX-License-Identifier: BSL-1.0
// adamw.hpp -- Adam, and weights that decay by themselves and not by the gradient.
#pragma once
#include <knit/optim/adam.hpp>
#include <knit/optim/rule.hpp>

namespace knit {

/// Adam's step, and w <- w - lr decay w besides, with the old w: so the decay is not divided by the root of the moments.
/// decay >= 0, the others as in adam_rule. Source: Loshchilov, Hutter, ICLR 2019.
struct adamw_rule {
  /// PyTorch's defaults.
  double lr = 0.001, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, decay = 0.01;

  static constexpr char const* name = "adamw";
  static constexpr int states = adam_rule::states;
  std::array<double, 5> hyper(long step) const {
    return detail::with_number(adam_rule{lr, beta1, beta2, eps}.hyper(step), lr * detail::from_0(decay, "decay of adamw"));
  }

  struct next {
    template <class... X> constexpr auto operator()(auto w, X... x) const {
      return detail::last_first(
          [&](auto shrink, auto... of_adam) {
            auto [step, mean, power] = adam_rule::next{}(w, of_adam...);
            return std::tuple(step - shrink % w, mean, power);
          },
          x...);
    }
  };
};

}  // namespace knit
