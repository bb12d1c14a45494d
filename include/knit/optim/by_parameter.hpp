// SPDX-License-Identifier: BSL-1.0
// by_parameter.hpp -- in: two rules, a choice. out: a rule that is the one or the other, parameter by parameter.
#pragma once
#include <algorithm>
#include <knit/expr/model.hpp>
#include <knit/optim/rule.hpp>
#include <knit/optim/schedule.hpp>
#include <string_view>

namespace knit {

/// What a choice of rules is a function of.
struct parameter_info {
  std::string_view path;  ///< "layers.0.w", as in for_each_parameter
  shape extents;
};

namespace detail {

/// The parameter behind the first argument of a rule's `next`.
template <class W> using parameter_behind = typename mp::mp_front<typename W::graph::ops>::tag::parameter;

template <class Choice, class Parameter> constexpr bool chosen(shape s) {
  return Choice{}(parameter_info{Parameter::path.text, s});
}
template <class Choice, class Model> constexpr int count_chosen() {
  using arrays = decltype(parameters_of(std::declval<Model&>()));
  return [&]<class... A, int... K>(std::tuple<A*...>*, std::integer_sequence<int, K...>) {
    return (chosen<Choice, parameter_of<Model, K>>(A::shape) + ... + 0);
  }(static_cast<arrays*>(nullptr), std::make_integer_sequence<int, parameter_count<Model>>{});
}
template <class Choice> constexpr sentence none_chosen() {
  return sentence()
         << "by_parameter: the choice is true of no parameter of this model, so its first rule would do nothing; compare paths "
            "with those that for_each_parameter gives";
}
template <class R> constexpr sentence norm_within() {
  return sentence() << "by_parameter: a norm over all gradients is not that of one rule of two; put it around both, "
                       "clip_all(by_parameter(choice, a, b), most)";
}
template <class Rule, class Other> constexpr sentence no_two_rules() {
  return sentence()
         << "by_parameter takes a choice and two update rules, as by_parameter(matrices, adamw_rule{}, sgd_rule{}), and the "
         << (update_rule<Rule> ? "second" : "first") << " of these is none";
}
template <class R> constexpr auto as_tuple(R const& r) {
  if constexpr (requires { std::tuple_size<R>::value; }) return r;
  else return std::tuple<R>(r);
}

}  // namespace detail

/// States are kept for each parameter as for the rule that has more of them.
template <class Choice, class Rule, class Other> struct by_parameter_rule {
  using by_parameter = Choice;  ///< tells a step that `next` asks which parameter it is called for
  Rule rule;
  Other otherwise;

  static constexpr int states = std::max(detail::states_of<Rule>(), detail::states_of<Other>());
  auto hyper(long step) const { return detail::with_numbers(rule.hyper(step), otherwise.hyper(step)); }
  void scale_rate(double by) {
    detail::scale_rate(rule, by);
    detail::scale_rate(otherwise, by);
  }

  struct next {
    template <class W, class... X> constexpr auto operator()(W w, auto g, X... x) const {
      using parameter = detail::parameter_behind<W>;
      const std::tuple<X...> all(x...);
      constexpr int chosen = detail::count_chosen<Choice, typename parameter::model_type>();
      if constexpr (chosen == 0) return complain<detail::none_chosen<Choice>()>();
      else if constexpr (detail::chosen<Choice, parameter>(W::shape)) return of<Rule, 0>(w, g, all);
      else return of<Other, detail::hyper_count<Rule>>(w, g, all);
    }

   private:
    /// What rule R gives, whose numbers stand `Before` behind the states, and the states that it has not as they are.
    template <class R, int Before> static constexpr auto of(auto w, auto g, auto const& all) {
      constexpr int own = detail::states_of<R>();
      if constexpr (requires { typename R::total; }) return complain<detail::norm_within<R>()>();
      else
        return [&]<int... S, int... H, int... Rest>(std::integer_sequence<int, S...>, std::integer_sequence<int, H...>,
                                                    std::integer_sequence<int, Rest...>) {
          auto const value = typename R::next{}(w, g, std::get<S>(all)..., std::get<states + Before + H>(all)...);
          if constexpr (poison<decltype(value)>) return poisoned{};
          else return std::tuple_cat(detail::as_tuple(value), std::tuple(std::get<own + Rest>(all)...));
        }(std::make_integer_sequence<int, own>{}, std::make_integer_sequence<int, detail::hyper_count<R>>{},
               std::make_integer_sequence<int, states - own>{});
    }
  };
};

/// `train(model, by_parameter(matrices, adamw_rule{.decay = 0.1}, adamw_rule{.decay = 0}))`: the first rule for parameters of
/// which choice(parameter_info) is true, the second for all others. The choice is a function without captures, for the
/// compiler calls it: `[](auto p) { return p.path == "layers.1.b" || p.extents.rank > 2; }`. Rules around this one, a
/// schedule among them, are around both. A choice that is true of no parameter does not compile.
template <class Choice, class Rule, class Other> auto by_parameter(Choice, Rule const& rule, Other const& otherwise) {
  static_assert(std::is_empty_v<Choice>, "knit: by_parameter chooses at compile time, so by a function without captures");
  if constexpr (!update_rule<Rule> || !update_rule<Other>) return complain<detail::no_two_rules<Rule, Other>()>(), rule;
  else return by_parameter_rule<Choice, Rule, Other>{rule, otherwise};
}
/// Is a parameter of two axes or more? So are weights, but not biases and gains, which as a rule should not decay.
inline constexpr auto matrices = [](parameter_info p) { return p.extents.rank > 1; };

}  // namespace knit
