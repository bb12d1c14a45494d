// SPDX-License-Identifier: BSL-1.0
// training.hpp -- in: a range of batches. out: a range of losses: reading one makes one step of training.
#pragma once
#include <knit/nn/chain.hpp>
#include <knit/train/pull.hpp>
#include <knit/train/step.hpp>
#include <range/v3/view/empty.hpp>
#include <stdexcept>
#include <string>

namespace knit {

namespace detail {

/// Classes for which a model has scores: rows of a chain's value on X, whose loss is nll; 0 of another, whose loss may be any.
template <class Model, class X> inline constexpr int scored_classes = 0;
template <class... L, class X> inline constexpr int scored_classes<chain<L...>, X> = [] {
  using layers = symbolic<chain<L...>>;
  using scores = std::invoke_result_t<layers const&, argument<layers, 0, typename X::extents_type>>;
  if constexpr (poison<scores>) return 0;
  else return scores::shape.extent[0];
}();
/// Refuses a label without a score: nll would be as if its score were the largest, and nothing be learnt.
template <class Step, class Batch> void check_labels(Batch const& batch) {
  if constexpr (requires { typename Step::spec::model_type; })
    if constexpr (std::is_integral_v<typename std::remove_cvref_t<decltype(batch.y)>::value_type>) {
      constexpr int classes =
          scored_classes<std::remove_const_t<typename Step::spec::model_type>, std::remove_cvref_t<decltype(batch.x)>>;
      for (long i = 0; classes > 0 && i < batch.y.size(); ++i)
        if (const long label = long(batch.y[i]); label < 0 || label >= classes)
          throw std::out_of_range("knit: an instance has the label " + std::to_string(label) +
                                  ", but the model gives scores for labels 0 .. " + std::to_string(classes - 1) +
                                  "; give it a row for each class");
    }
}

}  // namespace detail

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
      detail::check_labels<Step>(batch);
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
  auto later_size() requires ranges::sized_range<Rng> { return batches.later_size(); }
};

namespace detail {

template <class T> constexpr sentence temporary(char const* what) {
  return sentence() << "what is trained must outlive the range of its losses, and this " << what
                    << " is a temporary; give it a name";
}

template <class Rng> using element_of_range = std::remove_cvref_t<ranges::range_reference_t<ranges::views::all_t<Rng>>>;
/// A step for the batches of a range.
template <class Backend, class Model, class Rule, class Rng> using step_over =
    training_step<Backend, Model, Rule, std::remove_cvref_t<decltype(element_of_range<Rng>::x)>,
                  std::remove_cvref_t<decltype(element_of_range<Rng>::y)>>;

/// Do the elements of a range have arrays x and y?
template <class E> concept batch = array_like<decltype(E::x)> && array_like<decltype(E::y)>;
template <class Rng> concept batches = batch<element_of_range<Rng>>;
template <class Rng> constexpr sentence no_batches() {
  return sentence() << "what is trained on is a range of batches, whose members x and y are arrays, and an element of this "
                       "range is "
                    << (std::is_arithmetic_v<element_of_range<Rng>> ? "a number, as a loss is; a range is trained on by one rule"
                                                                    : "none; put minibatch before it");
}
template <class Data> constexpr sentence no_data() {
  sentence t;
  if constexpr (std::is_arithmetic_v<Data>)
    t << "a number stands where data or the numbers of a rule are wanted; these have names: sgd(model, {.lr "
         "= 0.1f})";
  else if constexpr (update_rule<Data>)
    t << "sgd, adam and the others have rules of their own; of any other one write train(model, rule)";
  else
    t << "what is trained on is a range of batches, and this is no range; of instances make batches, data | "
         "minibatch<100>(shuffle_by{1}), and of "
         "a set of data that has parts name one, mnist.train";
  return t;
}
template <class Model, class Rule> constexpr sentence training_complaint() {
  if constexpr (!model<Model>) return no_model<std::remove_cvref_t<Model>>("training");
  else if constexpr (!std::is_lvalue_reference_v<Model>) return temporary<Model>("model");
  else if constexpr (!update_rule<Rule>) return no_rule<Rule>();
  else return {};
}
/// What a mistake in training gives: no losses.
struct untrained {
  template <class Data> ranges::empty_view<float> operator()(Data&&) const { return {}; }
};

template <class Backend, class Model, class Rule> struct train_fn {
  Model* model;
  Rule rule;
  template <ranges::viewable_range Rng> auto operator()(Rng&& data) const {
    if constexpr (!batches<Rng>) return complain<no_batches<Rng>()>(), untrained{}(data);
    else return losses(std::forward<Rng>(data));
  }

 private:
  template <class Rng> auto losses(Rng&& data) const {
    using step = step_over<Backend, Model, Rule, Rng>;
    return stage_view(training_stage(ranges::views::all(std::forward<Rng>(data)), std::make_shared<step>(*model, rule)));
  }
};

/// A step of training that somebody else has made: called with a batch's x and y it makes it and gives the loss.
template <class Step> concept made_step = !model<Step> && !ranges::range<Step> && requires {
  typename std::remove_reference_t<Step>::value_type;
} && !std::is_const_v<std::remove_reference_t<Step>>;

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
template <class Backend = default_backend, class Model, class Rule> auto train(Model&& m, Rule rule) {
  if constexpr (constexpr sentence s = detail::training_complaint<Model, Rule>(); !s.empty())
    return complain<s>(), view_closure<detail::untrained>{};
  else {
    using make_step = detail::train_fn<Backend, std::remove_reference_t<Model>, Rule>;
    return view_closure<make_step>{make_step{&m, std::move(rule)}};
  }
}
/// The same as a function of the data.
template <class Backend = default_backend, class Model, class Rng, class Rule> auto train(Model&& m, Rng&& data, Rule rule) {
  auto on = train<Backend>(std::forward<Model>(m), std::move(rule));
  using given = std::remove_cvref_t<Rng>;
  if constexpr (ranges::viewable_range<Rng>) return std::forward<Rng>(data) | on;
  else if constexpr (std::is_arithmetic_v<given> || update_rule<given>)
    return complain<detail::no_data<given>()>(), view_closure<detail::untrained>{};
  else return complain<detail::no_data<given>()>(), detail::untrained{}(data);
}
namespace detail {
template <class T> concept set_of_data = requires(T const& t) { t.size, t.classes; };
template <class T> concept sets_of_data = requires(T const& t) { t.train, t.test; };
}  // namespace detail
/// A mistake: `instances | sgd(model)`.
template <class Data, class View> requires(!ranges::range<Data> && (detail::set_of_data<Data> || detail::sets_of_data<Data>))
auto operator|(Data const& d, view_closure<View> const&) {
  return complain<detail::no_data<Data>()>(), detail::untrained{}(d);
}

/// `auto step = make_training_step(model, data, rule)`: a step for the batches of a range, to look at, to save and to
/// hand to `train(step)`. The model is referred to.
template <class Backend = default_backend, class Model, class Rng, class Rule>
auto make_training_step(Model&& m, Rng&&, Rule const& rule) {
  if constexpr (constexpr sentence s = detail::training_complaint<Model, Rule>(); !s.empty()) return complain<s>();
  else if constexpr (!ranges::viewable_range<Rng>) return complain<detail::no_data<std::remove_cvref_t<Rng>>()>();
  else if constexpr (!detail::batches<Rng>) return complain<detail::no_batches<Rng>()>();
  else return detail::step_over<Backend, std::remove_reference_t<Model>, Rule, Rng>(m, rule);
}

/// `data | train(step)`: calls a step that is there already, `loss = step(batch.x, batch.y)`, for each batch that is read:
/// a training_step, or a program of a GPU behind a class of the user's. The step must outlive the range.
template <detail::made_step Step> auto train(Step&& step) {
  if constexpr (!std::is_lvalue_reference_v<Step>) complain<detail::temporary<Step>("step")>();
  using use_step = detail::train_made_fn<std::remove_reference_t<Step>>;
  return view_closure<use_step>{use_step{&step}};
}

}  // namespace knit
