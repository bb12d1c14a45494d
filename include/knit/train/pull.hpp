// SPDX-License-Identifier: BSL-1.0
// pull.hpp -- in: what a view does with one element after the other. out: a view that does it once for each element taken.
#pragma once
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <range/v3/functional/bind_back.hpp>
#include <range/v3/range/access.hpp>
#include <range/v3/range/concepts.hpp>
#include <range/v3/range/primitives.hpp>
#include <range/v3/range/traits.hpp>
#include <range/v3/view/all.hpp>
#include <range/v3/view/facade.hpp>
#include <range/v3/view/view.hpp>
#include <type_traits>
#include <utility>

namespace knit {

// The pull protocol. A step of training is work with an effect, so it must be done once for each element that somebody
// takes, and not when an iterator is merely moved or compared: views here are single-pass and lazy. `read` does
// the work if it is not done and returns its result; `next` does the work if nobody read it, then drops it; so
// take(n) makes exactly n steps and draws exactly n batches, and a stride skips no update. `over` draws no more than it
// takes to know, which is nothing but where a view is looking for its next element.

/// What a view does with its elements. `begin` starts a pass and draws nothing. A type with a size() has a sized view: that of
/// the next pass. Where passes after it may be longer, as of a minibatch that goes on in the middle of an epoch, a later_size()
/// says so; and a position(), where the element that was read last stands among the batches of the data.
template <class S> concept stage = requires(S& s) {
  { S::cardinality } -> std::convertible_to<ranges::cardinality>;
  s.begin();
  { s.over() } -> std::same_as<bool>;
  s.read();
  s.next();
};

/// The range before a stage. An element is read from it once, however often it is asked for: reading may be work, too. Its
/// pass begins when something is asked of it.
template <class Rng> class upstream {
  using reference = ranges::range_reference_t<Rng>;
  static constexpr bool lives = std::is_lvalue_reference_v<reference>;

 public:
  static constexpr ranges::cardinality cardinality = ranges::range_cardinality<Rng>::value;
  /// An element: a reference where the range gives one, else the value.
  using element = std::conditional_t<lives, reference, std::remove_cvref_t<reference>>;
  using kept = std::conditional_t<lives, std::reference_wrapper<std::remove_reference_t<reference>>, element>;

  explicit upstream(Rng r) : range_(std::move(r)) {}
  void begin() {
    at_.reset();
    element_.reset();
  }
  bool over() { return !element_ && at() == ranges::end(range_); }
  element read() {
    if (!element_) element_.emplace(*at());
    return *element_;
  }
  void next() {
    ++at();
    element_.reset();
  }
  std::size_t size() requires ranges::sized_range<Rng> { return std::size_t(ranges::size(range_)); }
  std::size_t later_size() requires ranges::sized_range<Rng> {
    if constexpr (requires { range_.later_size(); }) return range_.later_size();
    else return size();
  }
  auto position() requires requires(Rng& r) { r.position(); } { return range_.position(); }

 private:
  ranges::iterator_t<Rng>& at() {
    if (!at_) at_.emplace(ranges::begin(range_));
    return *at_;
  }

  Rng range_;
  std::optional<ranges::iterator_t<Rng>> at_;
  std::optional<kept> element_;
};

/// The view of a stage. Copies share their position; each call of begin starts anew what is before it.
template <stage Stage>
class [[nodiscard("knit: a range does nothing before it is read: end it with | run(), or loop over it")]] stage_view
    : public ranges::view_facade<stage_view<Stage>, Stage::cardinality> {
 public:
  stage_view() = default;
  explicit stage_view(Stage s) : stage_(std::make_shared<Stage>(std::move(s))) {}
  auto size() const requires requires(Stage& s) { s.size(); } { return stage_->size(); }
  auto later_size() const requires requires(Stage& s) { s.later_size(); } { return stage_->later_size(); }
  auto position() const requires requires(Stage& s) { s.position(); } { return stage_->position(); }

 private:
  friend ranges::range_access;
  class cursor {
   public:
    using single_pass = std::true_type;
    cursor() = default;
    explicit cursor(Stage* s) : stage_(s) {}
    decltype(auto) read() const { return stage_->read(); }
    void next() { stage_->next(); }
    bool equal(ranges::default_sentinel_t) const { return stage_->over(); }

   private:
    Stage* stage_ = nullptr;
  };
  cursor begin_cursor() {
    stage_->begin();
    return cursor(stage_.get());
  }
  ranges::default_sentinel_t end_cursor() const { return {}; }

  std::shared_ptr<Stage> stage_;
};

namespace detail {

/// Of a range of which some elements are dropped or repeated: a number that the type knows is no longer it.
constexpr ranges::cardinality rescaled(ranges::cardinality c) { return c >= 0 ? ranges::finite : c; }

template <template <class...> class Stage, class... A> inline constexpr bool makes = false;
template <template <class...> class Stage, ranges::viewable_range Rng, class... A> inline constexpr bool makes<Stage, Rng, A...> =
    requires(ranges::views::all_t<Rng> r, A&&... a) { Stage(std::move(r), std::forward<A>(a)...); };

}  // namespace detail

/// A stage as a view in both its forms, `view(range, arguments...)` and `range | view(arguments...)`: the stage is
/// constructed from the range and the arguments.
template <template <class...> class Stage> struct adaptor {
  template <class Rng, class... A> requires detail::makes<Stage, Rng, A...> constexpr auto operator()(Rng&& r, A&&... a) const {
    return stage_view(Stage(ranges::views::all(std::forward<Rng>(r)), std::forward<A>(a)...));
  }
  template <class... A> requires(!detail::makes<Stage, A...>) constexpr auto operator()(A&&... a) const {
    return ranges::make_view_closure(ranges::bind_back(adaptor{}, std::forward<A>(a)...));
  }
};
/// One that `range | view` needs no parentheses for.
template <class F> using view_closure = ranges::views::view_closure<F>;

}  // namespace knit
