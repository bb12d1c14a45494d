// SPDX-License-Identifier: BSL-1.0
// rule.hpp -- what update rules are made with: checks of their numbers, and the parts of those around other rules.
#pragma once
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdio>
#include <knit/core/sentence.hpp>
#include <limits>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>

namespace knit {

/// How parameters move. `hyper(step)` gives the numbers that a step reads (an array of double; steps count from 1),
/// and `next` the next values as expressions: called with a parameter w, the loss's gradient g, the rule's states of
/// that parameter (`static constexpr int states`, none if absent: arrays in the shape of w, 0 at first) and the
/// numbers, it returns w's next value, or, with states, std::tuple of that and of each state's. A rule may have a struct
/// `total`: called with a gradient it gives a number, and `next` gets the sum of it over all parameters after g. Of knit's own
/// rules `hyper` throws std::invalid_argument where a number means nothing: a rate below 0, a beta1 of 1.
template <class Rule> concept update_rule = requires(Rule const& rule, long step) {
  typename Rule::next;
  { rule.hyper(step)[0] } -> std::convertible_to<double>;
};

namespace detail {

template <class Rule> constexpr int states_of() {
  if constexpr (requires { Rule::states; }) return Rule::states;
  else return 0;
}
template <class Rule> inline constexpr int hyper_count = int(std::tuple_size_v<decltype(std::declval<Rule const&>().hyper(1L))>);

template <std::size_t N, std::size_t M>
constexpr std::array<double, N + M> with_numbers(std::array<double, N> const& first, std::array<double, M> const& last) {
  return std::apply(
      [&](auto... a) {
        return std::apply([&](auto... b) { return std::array<double, N + M>{a..., b...}; }, last);
      },
      first);
}

// Numbers of rules, refused where they mean nothing. `hyper` asks with each step, as they may change in between. A step may be
// one of float, so its limits are everybody's: beyond them a number is infinite there, or 0.

[[noreturn, gnu::cold]] inline void refuse_number(char const* name, double v, char const* allowed) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", v);
  throw std::invalid_argument(std::string("knit: ") + name + " is a number " + allowed + ", not " + text);
}
inline double from_0(double v, char const* name) {
  if (v >= 0 && v <= std::numeric_limits<float>::max()) return v;
  refuse_number(name, v, "from 0 to 3.4e38");
}
inline double above_0(double v, char const* name) {
  if (v >= std::numeric_limits<float>::min() && v <= std::numeric_limits<float>::max()) return v;
  refuse_number(name, v, "from 1.2e-38 to 3.4e38");
}
inline double below_1(double v, char const* name) {
  if (v >= 0 && v < 1) return v;
  refuse_number(name, v, "from 0 to below 1");
}

// A rule around another is derived from it, so that its numbers are the other's and one more, the last.

template <class Rule> constexpr sentence no_rule_inside(char const* around) {
  return sentence() << around << " goes around an update rule, such as sgd_rule{.lr = 0.1}, and this is none; write train(model, "
                    << around << "(sgd_rule{.lr = 0.1}, ...)) where this was sgd(model, ...)";
}
/// Around{rule, n}, or a mistake where that is no rule.
template <class Around, sentence Wrong, class Rule> constexpr auto around(Rule const& rule, double n) {
  if constexpr (update_rule<Rule>) return Around{rule, n};
  else return complain<Wrong>(), rule;
}

template <std::size_t N> constexpr std::array<double, N + 1> with_number(std::array<double, N> const& numbers, double last) {
  return with_numbers(numbers, std::array<double, 1>{last});
}
/// f(the last of x, the others in order).
template <class F, class... X> constexpr auto last_first(F const& f, X const&... x) {
  const std::tuple<X...> all(x...);
  return [&]<std::size_t... Index>(std::index_sequence<Index...>) {
    return f(std::get<sizeof...(X) - 1>(all), std::get<Index>(all)...);
  }(std::make_index_sequence<sizeof...(X) - 1>());
}

}  // namespace detail
}  // namespace knit
