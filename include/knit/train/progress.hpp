// SPDX-License-Identifier: BSL-1.0
// progress.hpp -- in: a range. out: the same range, and how far it has come is written on stderr.
#pragma once
#include <knit/train/progress_line.hpp>
#include <knit/train/pull.hpp>
#include <string_view>

namespace knit {

namespace detail {

/// The message that is the element itself, if that is a number.
struct current_value {};
template <class T> inline constexpr bool is_text = std::is_convertible_v<T, std::string_view>;
/// A text is a range, too, but a message.
template <class T> concept shown = ranges::viewable_range<T> && !is_text<T>;

}  // namespace detail

/// Its line ends when the range does, and when the last copy of the view goes.
template <class Rng, class Message> struct progress_stage {
  static constexpr ranges::cardinality cardinality = upstream<Rng>::cardinality;
  using kept = typename upstream<Rng>::kept;
  upstream<Rng> all;
  Message message;
  progress_line line;
  std::optional<kept> last;
  bool passed = false;

  progress_stage(Rng r, Message m, progress_options o) : all(std::move(r)), message(std::move(m)), line(std::move(o)) {}
  progress_stage(progress_stage&&) = default;
  ~progress_stage() {
    try {
      end();
    } catch (...) {  // of a message or a stream: too late to say so
    }
  }

  void begin() {
    end();
    all.begin();
    passed = false;
    std::optional<long> total;
    if constexpr (ranges::sized_range<Rng>) total = long(all.size());
    line.begin(total);
  }
  bool over() {
    if (passed || !all.over()) return false;
    end();
    return true;
  }
  decltype(auto) read() {
    decltype(auto) x = all.read();
    if (!passed) {
      passed = true;
      last.emplace(x);
      line.pass([this] { return text(); });
    }
    return x;
  }
  void next() {
    read();
    all.next();
    passed = false;
  }
  auto size() requires ranges::sized_range<Rng> { return all.size(); }
  auto later_size() requires ranges::sized_range<Rng> { return all.later_size(); }

 private:
  std::string text() {
    using read = typename upstream<Rng>::element;
    read x = *last;
    if constexpr (detail::is_text<Message>) return message;
    else if constexpr (!std::is_same_v<Message, detail::current_value>) return message(x, line.count());
    else if constexpr (std::is_convertible_v<read, double>) return detail::format("%g", double(x));
    else return {};
  }
  void end() {
    line.end([this] { return text(); });
  }
};

namespace detail {

template <class M> auto kept_message(M m) {
  if constexpr (is_text<M>) return std::string(std::string_view(m));
  else return m;
}
struct progress_fn {
  template <shown Rng, class M = current_value> auto operator()(Rng&& r, M message = {}, progress_options o = {}) const {
    return stage_view(progress_stage(ranges::views::all(std::forward<Rng>(r)), kept_message(std::move(message)), std::move(o)));
  }
  template <shown Rng> auto operator()(Rng&& r, progress_options o) const {
    return (*this)(std::forward<Rng>(r), current_value{}, std::move(o));
  }
  template <class M = current_value> requires(!ranges::range<M> || is_text<M>)
  auto operator()(M message = {}, progress_options o = {}) const {
    return ranges::make_view_closure(ranges::bind_back(*this, kept_message(std::move(message)), std::move(o)));
  }
  auto operator()(progress_options o) const { return (*this)(current_value{}, std::move(o)); }
};

}  // namespace detail

/// `losses | progress` or `progress(losses)`: shows how far it has come, on stderr, after the first element, each second and
/// at the end, with the last element; with a total, so with percents, where the range is sized. `progress(message)` shows a
/// text, or what message(element, count) returns; `progress(message, {.steps = 100})` and `progress({.seconds = 5})` say when.
inline constexpr view_closure<detail::progress_fn> progress{};

}  // namespace knit
