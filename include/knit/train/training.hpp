// SPDX-License-Identifier: BSL-1.0
// training.hpp -- in: a range of batches. out: a range of losses: reading one makes one step of training.
#pragma once
#include <knit/train/pull.hpp>
#include <knit/train/step.hpp>

namespace knit {

/// The losses of training steps over a range of batches with members x and y, each the loss before its update.
template <class Rng, class Step> struct training_stage {
  static constexpr ranges::cardinality cardinality = upstream<Rng>::cardinality;
  upstream<Rng> batches;
  std::shared_ptr<Step> step;
  std::optional<typename Step::value_type> loss;

  training_stage(Rng r, std::shared_ptr<Step> s) : batches(std::move(r)), step(std::move(s)) {}
  void begin() {
    batches.begin();
    loss.reset();
  }
  bool over() { return !loss && batches.over(); }
  typename Step::value_type read() {
    if (!loss) {
      auto const& batch = batches.read();
      loss = (*step)(batch.x, batch.y);
    }
    return *loss;
  }
  void next() {
    read();
    loss.reset();
    batches.next();
  }
  auto size() requires ranges::sized_range<Rng> { return batches.size(); }
};

namespace detail {

template <class T> constexpr sentence temporary(char const* what) {
  sentence t;
  t << "what is trained must outlive the range of its losses, and this " << what << " is a temporary; give it a name";
  return t;
}

template <class Rng> using element_of_range = std::remove_cvref_t<ranges::range_reference_t<ranges::views::all_t<Rng>>>;
/// A step for the batches of a range.
template <class Backend, class Model, class Rule, class Rng>
using step_over = training_step<Backend, Model, Rule, std::remove_cvref_t<decltype(element_of_range<Rng>::x)>,
                                std::remove_cvref_t<decltype(element_of_range<Rng>::y)>>;

template <class Backend, class Model, class Rule> struct train_fn {
  Model* model;
  Rule rule;
  template <ranges::viewable_range Rng> auto operator()(Rng&& data) const {
    using step = step_over<Backend, Model, Rule, Rng>;
    return stage_view(training_stage(ranges::views::all(std::forward<Rng>(data)), std::make_shared<step>(*model, rule)));
  }
};

/// A step of training that somebody else has made: called with a batch's x and y it makes it and gives the loss.
template <class Step>
concept made_step = !model<Step> && !ranges::range<Step> && requires { typename std::remove_reference_t<Step>::value_type; } &&
                    !std::is_const_v<std::remove_reference_t<Step>>;

template <class Step> struct train_made_fn {
  Step* step;
  template <ranges::viewable_range Rng> auto operator()(Rng&& data) const {
    auto borrowed = std::shared_ptr<Step>(std::shared_ptr<void>(), step);
    return stage_view(training_stage(ranges::views::all(std::forward<Rng>(data)), std::move(borrowed)));
  }
};

}  // namespace detail

/// `data | train(model, rule)`: a step of training under an update rule for each batch that is read, anything with members x and y on
/// which the model gives a number. Yields the loss before each update. The model is changed in place and must outlive the range; a
/// temporary, or one that is const, is an error of the compiler. What the rule remembers lives as long as the range.
template <class Backend = default_backend, model Model, update_rule Rule> auto train(Model&& m, Rule rule) {
  if constexpr (!std::is_lvalue_reference_v<Model>) complain<detail::temporary<Model>("model")>();
  using make_step = detail::train_fn<Backend, std::remove_reference_t<Model>, Rule>;
  return view_closure<make_step>{make_step{&m, std::move(rule)}};
}
/// The same as a function of the data.
template <class Backend = default_backend, model Model, ranges::viewable_range Rng, update_rule Rule>
auto train(Model&& m, Rng&& data, Rule rule) {
  return std::forward<Rng>(data) | train<Backend>(std::forward<Model>(m), std::move(rule));
}

/// `auto step = make_training_step(model, data, rule)`: a step for the batches of a range, to look at, to save and to
/// hand to `train(step)`. The model is referred to.
template <class Backend = default_backend, model Model, ranges::viewable_range Rng, update_rule Rule>
auto make_training_step(Model&& m, Rng&&, Rule const& rule) {
  if constexpr (!std::is_lvalue_reference_v<Model>) complain<detail::temporary<Model>("model")>();
  return detail::step_over<Backend, std::remove_reference_t<Model>, Rule, Rng>(m, rule);
}

/// `data | train(step)`: calls a step that is there already, `loss = step(batch.x, batch.y)`, for each batch that is read:
/// a training_step, or a program of a GPU behind a class of the user's. The step must outlive the range.
template <detail::made_step Step> auto train(Step&& step) {
  if constexpr (!std::is_lvalue_reference_v<Step>) complain<detail::temporary<Step>("step")>();
  using use_step = detail::train_made_fn<std::remove_reference_t<Step>>;
  return view_closure<use_step>{use_step{&step}};
}

}  // namespace knit
