// SPDX-License-Identifier: BSL-1.0
// clip.hpp -- in: a rule. out: the same rule of gradients whose norm is at most a number.
#pragma once
#include <knit/op/reduce.hpp>
#include <knit/op/transcendental.hpp>
#include <knit/optim/rule.hpp>

namespace knit {

namespace detail {
/// g, shortened to the norm `most` if it is longer, where `squared` is the square of the norm.
constexpr auto shortened(auto g, auto squared, auto most) { return g % (most / max(sqrt(squared), most)); }
template <class Rule> constexpr sentence second_total() {
  return sentence() << "a rule has one total over all gradients; clip by the global norm once";
}
}  // namespace detail

/// A rule that sees gradients whose norm, of each, is at most `most`.
template <class Rule> struct clip_each_rule : Rule {
  double most;

  auto hyper(long step) const { return detail::with_number(Rule::hyper(step), detail::above_0(most, "the norm of clip_each")); }

  struct next {
    template <class... X> constexpr auto operator()(auto w, auto g, X... x) const {
      return detail::last_first(
          [&](auto longest, auto... of_rule) {
            return typename Rule::next{}(w, detail::shortened(g, sum(square(g)), longest), of_rule...);
          },
          x...);
    }
  };
};

/// A rule that sees gradients whose norm, of all together, is at most `most`.
template <class Rule> struct clip_all_rule : Rule {
  double most;

  auto hyper(long step) const { return detail::with_number(Rule::hyper(step), detail::above_0(most, "the norm of clip_all")); }

  /// What of each gradient is added up over all parameters.
  struct total {
    constexpr auto operator()(auto g) const { return sum(square(g)); }
  };
  struct next {
    template <class... X> constexpr auto operator()(auto w, auto g, auto squared, X... x) const {
      return detail::last_first(
          [&](auto longest, auto... of_rule) {
            return typename Rule::next{}(w, detail::shortened(g, squared, longest), of_rule...);
          },
          x...);
    }
  };
};

/// `train(model, clip_each(sgd_rule{.lr = 0.1}, 5))`: the gradient of each parameter is shortened to a norm of at most 5.
/// This is Knet's gclip. What is around a rule sees the gradient first: clip_each(weight_decay(rule, d), 5) clips, then adds.
template <class Rule> auto clip_each(Rule const& rule, double most) {
  return detail::around<clip_each_rule<Rule>, detail::no_rule_inside<Rule>("clip_each")>(rule, most);
}
/// The same by the norm of all gradients together, as if the model were one parameter.
template <class Rule> auto clip_all(Rule const& rule, double most) {
  if constexpr (requires { typename Rule::total; }) return complain<detail::second_total<Rule>()>(), rule;
  else return detail::around<clip_all_rule<Rule>, detail::no_rule_inside<Rule>("clip_all")>(rule, most);
}

}  // namespace knit
