// SPDX-License-Identifier: BSL-1.0
// views.hpp -- in: a range of batches. out: a range of losses: reading one makes one step of training.
#pragma once
#include <knit/optim/adam.hpp>
#include <knit/optim/momentum.hpp>
#include <knit/optim/sgd.hpp>
#include <knit/train/step.hpp>
#include <memory>
#include <optional>
#include <range/v3/functional/bind_back.hpp>
#include <range/v3/range/access.hpp>
#include <range/v3/range/concepts.hpp>
#include <range/v3/range/traits.hpp>
#include <range/v3/view/all.hpp>
#include <range/v3/view/facade.hpp>
#include <range/v3/view/take.hpp>
#include <range/v3/view/view.hpp>

namespace knit {

// The pull protocol. A step is work with an effect, so it must be done once for each element that somebody
// takes, and not when an iterator is merely moved or compared: views here are single-pass and lazy. `read` does
// the work if it is not done and returns its result; `next` does the work if nobody read it, then drops it; so
// take(n) makes exactly n steps and draws exactly n batches, and a stride skips no update.

/// The losses of training steps over a range of batches with members x and y, each the loss before its update.
template <class Rng, class Step> class training_view
    : public ranges::view_facade<training_view<Rng, Step>, ranges::range_cardinality<Rng>::value> {
 public:
  training_view() = default;
  training_view(Rng data, std::shared_ptr<Step> step) : state_(std::make_shared<state>(std::move(data), std::move(step))) {}

 private:
  friend ranges::range_access;

  struct state {
    Rng data;
    std::shared_ptr<Step> step;
    std::optional<ranges::iterator_t<Rng>> at;
    std::optional<typename Step::value_type> loss;

    state(Rng d, std::shared_ptr<Step> s) : data(std::move(d)), step(std::move(s)) {}
    typename Step::value_type pull() {
      if (!loss) {
        auto const& batch = **at;
        loss = (*step)(batch.x, batch.y);
      }
      return *loss;
    }
  };

  class cursor {
   public:
    using single_pass = std::true_type;
    cursor() = default;
    explicit cursor(state* s) : state_(s) {}
    typename Step::value_type read() const { return state_->pull(); }
    void next() {
      state_->pull();
      state_->loss.reset();
      ++*state_->at;
    }
    bool equal(ranges::default_sentinel_t) const { return !state_->loss && *state_->at == ranges::end(state_->data); }

   private:
    state* state_ = nullptr;
  };

  cursor begin_cursor() {
    state_->at.emplace(ranges::begin(state_->data));
    state_->loss.reset();
    return cursor(state_.get());
  }
  ranges::default_sentinel_t end_cursor() const { return {}; }

  std::shared_ptr<state> state_;
};

/// The range again and again, without end; each pass calls begin anew, so a minibatch reshuffles.
template <class Rng> class cycle_view : public ranges::view_facade<cycle_view<Rng>, ranges::infinite> {
 public:
  cycle_view() = default;
  explicit cycle_view(Rng data) : state_(std::make_shared<state>(std::move(data))) {}

 private:
  friend ranges::range_access;
  struct state {
    Rng data;
    std::optional<ranges::iterator_t<Rng>> at;
    explicit state(Rng d) : data(std::move(d)) {}
    /// A pass that is over begins again only when the next element is wanted.
    void settle() {
      if (*at == ranges::end(data)) at.emplace(ranges::begin(data));
      if (*at == ranges::end(data)) throw std::length_error("knit: cycle of an empty range never yields");
    }
  };
  class cursor {
   public:
    using single_pass = std::true_type;
    cursor() = default;
    explicit cursor(state* s) : state_(s) {}
    decltype(auto) read() const {
      state_->settle();
      return **state_->at;
    }
    void next() {
      state_->settle();
      ++*state_->at;
    }
    bool equal(ranges::default_sentinel_t) const { return false; }

   private:
    state* state_ = nullptr;
  };
  cursor begin_cursor() {
    state_->at.emplace(ranges::begin(state_->data));
    return cursor(state_.get());
  }
  ranges::default_sentinel_t end_cursor() const { return {}; }

  std::shared_ptr<state> state_;
};

namespace detail {

struct cycle_fn {
  template <ranges::viewable_range Rng> auto operator()(Rng&& data) const {
    return cycle_view<ranges::views::all_t<Rng>>(ranges::views::all(std::forward<Rng>(data)));
  }
};

template <class Backend, class Model, class Rule> struct train_fn {
  Model* model;
  Rule rule;
  template <ranges::viewable_range Rng> auto operator()(Rng&& data) const {
    using view_type = ranges::views::all_t<Rng>;
    using element = std::remove_cvref_t<ranges::range_reference_t<view_type>>;
    using step = training_step<Backend, Model, Rule, std::remove_cvref_t<decltype(element::x)>, std::remove_cvref_t<decltype(element::y)>>;
    return training_view<view_type, step>(ranges::views::all(std::forward<Rng>(data)), std::make_shared<step>(*model, rule));
  }
};

/// A step of training that somebody else has made: called with a batch's x and y it makes it and gives the loss.
template <class Step>
concept made_step = !model<Step> && requires { typename Step::value_type; } && !std::is_const_v<Step>;

template <class Step> struct train_made_fn {
  Step* step;
  template <ranges::viewable_range Rng> auto operator()(Rng&& data) const {
    using view_type = ranges::views::all_t<Rng>;
    return training_view<view_type, Step>(ranges::views::all(std::forward<Rng>(data)), std::shared_ptr<Step>(std::shared_ptr<void>(), step));
  }
};

}  // namespace detail

/// `data | cycle`: data without end, an epoch after the other.
inline constexpr ranges::views::view_closure<detail::cycle_fn> cycle{};
/// `losses | take(n)`: the first n.
using ranges::views::take;

/// `data | train(model, rule)`: a step of training under an update rule for each batch that is read. Yields the
/// loss before each update. The model is changed in place and must outlive the range.
template <class Backend = default_backend, model Model, update_rule Rule> auto train(Model& m, Rule rule) {
  return ranges::views::view_closure<detail::train_fn<Backend, Model, Rule>>{detail::train_fn<Backend, Model, Rule>{&m, rule}};
}

/// `data | train(step)`: calls a step that is there already, `loss = step(batch.x, batch.y)`, for each batch that is read:
/// a training_step, or a program of a GPU behind a class of the user's. The step must outlive the range.
template <detail::made_step Step> auto train(Step& step) {
  return ranges::views::view_closure<detail::train_made_fn<Step>>{detail::train_made_fn<Step>{&step}};
}

/// `data | sgd(model, {.lr = 0.1f})`: trains by stochastic gradient descent.
template <class Backend = default_backend, model Model> auto sgd(Model& m, sgd_rule rule = {}) { return train<Backend>(m, rule); }
/// The same as a function of the data, as in `for (float loss : sgd(model, data))`.
template <class Backend = default_backend, model Model, ranges::viewable_range Rng>
auto sgd(Model& m, Rng&& data, sgd_rule rule = {}) {
  return std::forward<Rng>(data) | sgd<Backend>(m, rule);
}
/// `data | momentum(model)`: trains with a velocity.
template <class Backend = default_backend, model Model> auto momentum(Model& m, momentum_rule rule = {}) { return train<Backend>(m, rule); }
/// `data | adam(model, {.lr = 0.001f})`: trains by Adam.
template <class Backend = default_backend, model Model> auto adam(Model& m, adam_rule rule = {}) { return train<Backend>(m, rule); }

}  // namespace knit
