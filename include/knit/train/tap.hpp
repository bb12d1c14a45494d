// SPDX-License-Identifier: BSL-1.0
// tap.hpp -- in: a range, something to do. out: the same range, and it is done with each element that passes.
#pragma once
#include <knit/core/sentence.hpp>
#include <knit/train/pull.hpp>

namespace knit {

namespace detail {
template <class Task> constexpr sentence no_task(char const* view, char const* example) {
  return sentence() << view
                    << " takes a function that is called with an element of the range, a loss say, and this cannot be; write "
                    << example;
}
}  // namespace detail

/// A range whose elements are shown to a task as they pass.
template <class Rng, class Task> struct tap_stage {
  static constexpr ranges::cardinality cardinality = upstream<Rng>::cardinality;
  upstream<Rng> all;
  Task task;
  bool done = false;

  tap_stage(Rng r, Task t) : all(std::move(r)), task(std::move(t)) {}
  void begin() {
    all.begin();
    done = false;
  }
  bool over() { return !done && all.over(); }
  decltype(auto) read() {
    decltype(auto) x = all.read();
    if (!done) {
      if constexpr (!std::invocable<Task&, decltype(std::as_const(x))>)
        complain<detail::no_task<Task>("tap", "tap([](auto loss) { ... })")>();
      else task(std::as_const(x));
      done = true;
    }
    return x;
  }
  void next() {
    read();
    all.next();
    done = false;
  }
  auto size() requires ranges::sized_range<Rng> { return all.size(); }
  auto later_size() requires ranges::sized_range<Rng> { return all.later_size(); }
};

/// `losses | takenth(n) | tap(task)`: task(loss) after every n-th step. It is called once for each element, when that is
/// read or passed over; what it does to the model the next step sees. The view keeps a copy of the task, so a functor that is
/// asked for what it saw is given as std::ref(task), and must outlive the range.
inline constexpr adaptor<tap_stage> tap{};

namespace detail {
template <class Log> struct append_to {
  Log* log;
  template <class X> void operator()(X const& x) const { log->push_back(x); }
};
}  // namespace detail

/// `losses | record(log)` or `record(losses, log)`: log.push_back(loss) for each; the log must outlive the range.
template <class Log> auto record(Log& log) { return tap(detail::append_to<Log>{&log}); }
/// The same as a function of the losses: `record(losses, log)`.
template <ranges::viewable_range Rng, class Log> auto record(Rng&& r, Log& log) {
  return tap(std::forward<Rng>(r), detail::append_to<Log>{&log});
}

}  // namespace knit
