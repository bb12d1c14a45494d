// SPDX-License-Identifier: BSL-1.0
// run.hpp -- in: a range. out: all of it read, and how many elements that was.
#pragma once
#include <knit/core/sentence.hpp>
#include <knit/train/pull.hpp>

namespace knit {

namespace detail {

template <class Rng> constexpr sentence endless() {
  return sentence() << "run() of a range without end would not return; put take(n) or converge before it";
}
struct run_closure {
  template <ranges::input_range Rng> friend long operator|(Rng&& r, run_closure) {
    if constexpr (ranges::is_infinite<Rng>::value) return complain<endless<Rng>()>(), 0;
    else {
      long n = 0;
      for (auto&& x : r) {
        static_cast<void>(x);
        ++n;
      }
      return n;
    }
  }
  /// `| run`, since `cycle` and `progress` have no parentheses either. No object like these, for a user's own `run` is a function.
  template <ranges::input_range Rng> friend long operator|(Rng&& r, run_closure (*closure)()) {
    return std::forward<Rng>(r) | closure();
  }
};

}  // namespace detail

/// `data | sgd(model) | takenth(100) | tap(task) | run()`: reads every element, for what happens on the way. The number of them.
constexpr detail::run_closure run() { return {}; }
/// The same as a function: `run(progress(sgd(model, data)))`.
template <ranges::input_range Rng> long run(Rng&& r) { return std::forward<Rng>(r) | run(); }

}  // namespace knit
