// SPDX-License-Identifier: BSL-1.0
// schedule.hpp -- in: a rule, a factor for each step. out: the same rule, whose rate is multiplied by that.
#pragma once
#include <algorithm>
#include <cmath>
#include <knit/core/sentence.hpp>
#include <knit/optim/rule.hpp>
#include <numbers>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace knit {

namespace detail {
template <class Rule> constexpr sentence no_rate() {
  return sentence() << "a schedule multiplies the rate of a rule, its member lr, and this rule has none; name it lr, or give the "
                       "rule a function "
                       "scale_rate(double)";
}
template <class Rule> void scale_rate(Rule& rule, double by) {
  if constexpr (requires { rule.scale_rate(by); }) rule.scale_rate(by);
  else if constexpr (requires { rule.lr *= by; }) rule.lr *= by;
  else complain<no_rate<Rule>()>();
}
inline long from_1(long over, char const* name) {
  if (over >= 1) return over;
  throw std::invalid_argument(std::string("knit: ") + name + " takes a number of steps from 1 on, not " + std::to_string(over));
}
}  // namespace detail

/// A rule whose rate at step n is its own times factor(n).
template <class Rule, class Factor> struct scheduled_rule : Rule {
  Factor factor;

  auto hyper(long step) const {
    Rule now = *this;
    detail::scale_rate(now, detail::from_0(double(factor(step)), "what a schedule multiplies a rate by"));
    return now.hyper(step);
  }
};

namespace detail {
template <class Factor> constexpr sentence no_factor() {
  return sentence() << "scheduled(rule, factor): the factor is a function of the number of the step, such as cosine{10000} "
                       "or [](long n) { return 1.0 / "
                       "double(n); }, and this is none; one that stays is part of the rate, .lr = 0.05";
}
}  // namespace detail

/// `train(model, scheduled(adam_rule{.lr = 0.01}, cosine{10'000}))`: the rate of step n is lr factor(n); steps count from 1. A
/// product of schedules is a function: `[](long n) { return warm_up{500}(n) * cosine{10'000}(n); }`. A step throws
/// std::invalid_argument where a factor is below 0 or no number, or a schedule is one over less than a step.
template <class Rule, class Factor> auto scheduled(Rule const& rule, Factor factor) {
  if constexpr (!update_rule<Rule>) return complain<detail::no_rule_inside<Rule>("scheduled")>(), rule;
  else if constexpr (std::is_invocable_r_v<double, Factor const&, long>) return scheduled_rule<Rule, Factor>{rule, factor};
  else return complain<detail::no_factor<Factor>()>(), rule;
}

/// 1 for `every` steps, then `by`, then its square, ...
struct step_decay {
  long every;
  double by = 0.1;
  double operator()(long step) const { return std::pow(by, double((step - 1) / detail::from_1(every, "step_decay"))); }
};
/// From 1 down to `last` within `over` steps, along half a cosine; then it stays. Source: Loshchilov, Hutter, ICLR 2017.
struct cosine {
  long over;
  double last = 0;
  double operator()(long step) const {
    const double all = double(detail::from_1(over, "cosine"));
    return last + (1 - last) * (1 + std::cos(std::numbers::pi * std::min(double(step - 1), all) / all)) / 2;
  }
};
/// From 1 / over, at the first step, in equal parts up to 1.
struct warm_up {
  long over;
  double operator()(long step) const { return std::min(1.0, double(step) / double(detail::from_1(over, "warm_up"))); }
};

}  // namespace knit
