// SPDX-License-Identifier: BSL-1.0
// weight_decay.hpp -- in: a rule. out: the same rule of the gradient of a loss with a penalty on the size of the weights.
#pragma once
#include <knit/op/compare.hpp>
#include <knit/optim/rule.hpp>

namespace knit {

/// g + decay w stands for g: the gradient of the loss and decay / 2 times the sum of squared weights.
template <class Rule> struct weight_decay_rule : Rule {
  double decay;

  auto hyper(long step) const { return detail::with_number(Rule::hyper(step), detail::from_0(decay, "the share of weight_decay")); }

  struct next {
    template <class... X> constexpr auto operator()(auto w, auto g, X... x) const {
      return detail::last_first([&](auto share, auto... of_rule) { return typename Rule::next{}(w, g + share % w, of_rule...); },
                                x...);
    }
  };
};

/// g + by sign(w) stands for g: the gradient of the loss and `by` times the sum of absolute weights. The sign of 0 is 0.
template <class Rule> struct l1_penalty_rule : Rule {
  double by;

  auto hyper(long step) const { return detail::with_number(Rule::hyper(step), detail::from_0(by, "the share of l1_penalty")); }

  struct next {
    template <class... X> constexpr auto operator()(auto w, auto g, X... x) const {
      return detail::last_first(
          [&](auto share, auto... of_rule) { return typename Rule::next{}(w, g + share % ((w > 0) - (w < 0)), of_rule...); }, x...);
    }
  };
};

/// `train(model, weight_decay(sgd_rule{.lr = 0.1}, 1e-4))`. AdamW's and Lion's decay, which no root divides, is their own.
template <class Rule> auto weight_decay(Rule const& rule, double decay) {
  return detail::around<weight_decay_rule<Rule>, detail::no_rule_inside<Rule>("weight_decay")>(rule, decay);
}
/// `train(model, l1_penalty(sgd_rule{.lr = 0.1}, 4e-5))`. The loss that a step returns is without the penalty, here as above.
template <class Rule> auto l1_penalty(Rule const& rule, double by) {
  return detail::around<l1_penalty_rule<Rule>, detail::no_rule_inside<Rule>("l1_penalty")>(rule, by);
}

}  // namespace knit
