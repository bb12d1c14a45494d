// SPDX-License-Identifier: BSL-1.0
// step.hpp -- in: a model, an update rule and types of arguments. out: one fused step of training, as a callable.
#pragma once
#include <algorithm>
#include <knit/optim/rule.hpp>
#include <knit/program.hpp>

namespace knit {

namespace detail {

constexpr sentence not_a_loss(shape s) {
  return sentence() << "the loss of a model is a number, and this one is an array of shape " << s << "; return its sum or mean";
}
template <class E> constexpr auto check_loss() {
  if constexpr (poison<E>) return mp::mp_identity<poisoned>{};
  else if constexpr (E::shape.rank != 0) return mp::mp_identity<typename knit_error<wrong<not_a_loss(E::shape)>>::type>{};
  else return mp::mp_identity<E>{};
}

template <class T> inline constexpr int values_in = 1;
template <class... T> inline constexpr int values_in<std::tuple<T...>> = sizeof...(T);
template <class R> constexpr sentence wrong_count(int states) {
  return sentence() << "the next of an update rule with " << states << " states returns "
                    << values_in<R> << " values; return std::tuple of w's next value and of each state's, in order";
}
/// A rule's `next` of a parameter that is Parameter, if the rule asks for that: traced once for all the values that it returns.
template <class Next, class Parameter> struct traced_rule {
  using parameter = Parameter;
};
/// One of those values.
template <class Next, int States, int Index, class Parameter> struct nth_value {
  template <class... X> constexpr auto operator()(X const&... x) const {
    using R = decltype(Next{}(x...));
    if constexpr (poison<R>) return poisoned{};
    else if constexpr (values_in<R> != States + 1) return complain<wrong_count<R>(States)>();
    else if constexpr (States == 0 && !requires { typename std::tuple_size<R>::type; }) return Next{}(x...);
    else return std::get<std::size_t(Index)>(Next{}(x...));
  }
};

template <class Next, int States, int Index, class Parameter> struct functor_tag<nth_value<Next, States, Index, Parameter>> {
  using type = traced_rule<Next, Parameter>;
};

/// A rule's `total` over all parameters, as a function (of nothing, but calls have arguments): each next value of each parameter calls
/// it, and the linker knows these calls for one.
template <class Total, class Loss, class... Parameter> struct total_of_rule {
  template <class X> constexpr auto operator()(X const&) const { return (Total{}(make<gradient_op>(Loss{}, Parameter{})) + ...); }
};

template <class Rule> constexpr sentence no_rule() {
  return sentence() << "an update rule is a struct with std::array<double, N> hyper(long step) const, the numbers that a "
                       "step reads, and a struct next, which "
                       "is called with w, its gradient and these; this has not both, as sgd_rule{} and adam_rule{} have";
}
/// One step of training: the loss of a model on arguments, and the next value of every parameter and state under a
/// rule. Leaves: parameters, the states of each, arguments, the rule's numbers.
template <class Model, class Rule, class... X> struct training_spec {
  using model_type = Model;
  using rule_type = Rule;
  using argument_types = std::tuple<X...>;
  using parameters = leaves_of_model<Model>;
  static constexpr int states = states_of<Rule>();
  using argument_tag = training_spec;
  static constexpr int first_argument = parameters::count * (1 + states);

  template <std::size_t... Index> static constexpr auto trace(std::index_sequence<Index...>) {
    if constexpr (measured_labels<Model, X...>()) return complain<labels_of_loss<Model>()>();
    else return call_layer<0>(symbolic<Model>{}, argument<training_spec, int(Index), typename X::extents_type>{}...);
  }
  using loss = unless_poisoned<typename decltype(check_loss<decltype(trace(std::index_sequence_for<X...>{}))>())::type,
                               decltype(sum(argument<training_spec, 0, typename mp::mp_front<mp::mp_list<X...>>::extents_type>{}))>;

  /// The rule's numbers, and behind them, if the model draws random numbers, say, that of the step.
  static constexpr bool counts = counts_steps<typename loss::graph::ops>;
  static constexpr int numbers = hyper_count<Rule> + counts, argument_count = int(sizeof...(X)) + numbers;
  static constexpr int step_leaf = counts ? first_argument + argument_count - 1 : -1;
  static std::array<double, std::size_t(numbers)> numbers_at(Rule const& rule, long step) {
    std::array<double, std::size_t(numbers)> all{};
    auto const of_rule = rule.hyper(step);
    std::copy(of_rule.begin(), of_rule.end(), all.begin());
    if (counts) all.back() = double(1 + (step - 1) % ((1l << 24) - 1));  // a seed: a whole number that a float can hold
    return all;
  }
  static constexpr auto leaves = [] {
    std::array<leaf_info, std::size_t(parameters::count * states)> memory{};
    if constexpr (states > 0)
      for (std::size_t i = 0; i < memory.size(); ++i) memory[i] = parameters::value[i / std::size_t(states)];
    std::array<leaf_info, std::size_t(numbers)> hyper{};
    for (auto& n : hyper) n.holds = element::f64;
    return joined(parameters::value, memory, std::array<leaf_info, sizeof...(X)>{leaf_of_array<X>...}, hyper);
  }();

  template <int K> using array_at = typename parameters::template array_at<K>;
  template <int K> using parameter_at = parameter<K, array_at<K>>;
  static constexpr int state_leaf(int k, int s) { return parameters::count + k * states + s; }
  template <int... K> static constexpr auto total(std::integer_sequence<int, K...>) {
    if constexpr (!requires { typename Rule::total; }) return std::tuple<>{};
    else {
      using all = total_of_rule<typename Rule::total, loss, parameter_at<K>...>;
      // A call is a place of its own, and what a loss draws at random it would draw anew there.
      if constexpr (op_links<mp::mp_list<>, typename loss::graph::ops>::random) return std::tuple(all{}(parameter_at<0>{}));
      else return std::tuple(call_layer<0>(all{}, parameter_at<0>{}));
    }
  }
  template <int K> static constexpr auto seen_by_rule() {
    if constexpr (requires { typename Rule::by_parameter; }) return mp::mp_identity<parameter_of<Model, K>>{};
    else return mp::mp_identity<void>{};
  }
  template <int K, int Index, int... S, int... H>
  static constexpr auto next(std::integer_sequence<int, S...>, std::integer_sequence<int, H...>) {
    using w = parameter_at<K>;
    using nth = nth_value<typename Rule::next, states, Index, typename decltype(seen_by_rule<K>())::type>;
    return std::apply(
        [](auto... sum) {
          return call_layer<0>(nth{}, w{}, make<gradient_op>(loss{}, w{}), sum..., parameter<state_leaf(K, S), array_at<K>>{}...,
                               argument<training_spec, int(sizeof...(X)) + H, extents<>>{}...);
        },
        total(std::make_integer_sequence<int, parameters::count>{}));
  }
  /// Value Index (0: of the parameter, 1 ..: of its states) that the rule gives parameter K.
  template <int K, int Index> using next_of =
      unless_poisoned<typename decltype(check_next<decltype(next<K, Index>(std::make_integer_sequence<int, states>{},
                                                                           std::make_integer_sequence<int, hyper_count<Rule>>{})),
                                                   parameter_at<K>::shape>())::type,
                      parameter_at<K>>;
  template <int K, int... S> static auto list_of(std::integer_sequence<int, S...>)
      -> mp::mp_list<result<typename next_of<K, 0>::graph, K>, result<typename next_of<K, 1 + S>::graph, state_leaf(K, S)>...>;
  template <int... K> static auto list(std::integer_sequence<int, K...>)
      -> mp::mp_append<mp::mp_list<result<typename loss::graph>>,
                       decltype(list_of<K>(std::make_integer_sequence<int, states>{}))...>;
  using results = decltype(list(std::make_integer_sequence<int, parameters::count>{}));
};

/// The states of all parameters: `states` arrays like each.
template <class Tuple, int States> struct state_arrays;
template <class... A, int States> struct state_arrays<std::tuple<A*...>, States> {
  using type = std::tuple<std::array<std::remove_cv_t<A>, std::size_t(States)>...>;
};

}  // namespace detail

/// A step of training as a program, for a name of its own: `struct digits : training_program<mlp, sgd_rule, X, Y> {};`.
template <class Model, update_rule Rule, class... X> using training_program = detail::training_spec<Model, Rule, X...>;

/// The loss of a model as a training step: step(x, y) returns the loss before the update. The model is
/// referred to and changed in place; what the rule remembers of it lives here. X... are the types of the
/// arguments. After construction nothing is allocated.
template <class Backend, class Model, update_rule Rule, class... X> class training_step {
 public:
  using spec = detail::training_spec<Model, Rule, X...>;
  using program = typename Backend::template program<spec>;

  /// States are 0, and no step has been made. A model that is const is an error of the compiler, and so is one whose value on X...
  /// is not a number.
  training_step(Model& m, Rule const& r) : model_(&m), rule(r) {
    if constexpr (std::is_const_v<Model>) complain<detail::constant_model<Model>()>();
  }

  using value_type = typename program::value_type;  ///< double if the model or an argument is of double, else float

  /// Makes a step; the loss before it. Throws std::invalid_argument where arrays disagree about the extent of a name.
  value_type operator()(X const&... x) {
    leaf_list<spec> leaves;
    std::apply([&](auto*... p) { (leaves.add(p->data()), ...); }, parameters_of(*model_));
    std::apply(
        [&](auto&... of_parameter) {
          auto add = [&](auto& arrays) {
            for (auto& a : arrays) leaves.add(a.data());
          };
          (add(of_parameter), ...);
        },
        states_);
    (leaves.add(x), ...);
    const auto numbers = spec::numbers_at(rule, steps_ + 1);  // which may throw
    ++steps_;
    for (auto const& n : numbers) leaves.add(&n);
    value_type loss = 0;
    void* outputs[] = {&loss};
    program_.run(leaves.data(), outputs);
    return loss;
  }

  /// A mistake.
  template <class... Y> requires detail::called_wrongly<mp::mp_list<X...>, mp::mp_list<Y...>> value_type operator()(Y const&...) {
    complain<detail::wrong_arguments<mp::mp_list<X...>, mp::mp_list<Y...>>()>();
    return 0;
  }

  /// The model that is trained.
  Model& model() const { return *model_; }
  /// What the rule remembers: of each parameter, in order, an array of `spec::states` arrays like it.
  auto& states() { return states_; }
  auto const& states() const { return states_; }
  /// Steps made so far.
  long steps() const { return steps_; }
  /// Says that so many have been made, elsewhere: what a rule and a model make of the number goes on from there.
  void set_steps(long n) { steps_ = n; }

 private:
  Model* model_;
  program program_;
  typename detail::state_arrays<decltype(parameters_of(std::declval<Model&>())), spec::states>::type states_;
  long steps_ = 0;

 public:
  Rule rule;  ///< its numbers may change between steps
};

}  // namespace knit
