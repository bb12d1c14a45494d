// SPDX-License-Identifier: BSL-1.0
// takenth.hpp -- in: a range. out: its n-th, 2n-th, ... element.
#pragma once
#include <knit/train/pull.hpp>
#include <stdexcept>
#include <string>

namespace knit {

/// Those between are done, too, and so are those behind the last n-th, when the end is looked for.
template <class Rng> struct takenth_stage {
  static constexpr ranges::cardinality cardinality = detail::rescaled(upstream<Rng>::cardinality);
  upstream<Rng> all;
  long n;
  bool found = false;

  takenth_stage(Rng r, long every) : all(std::move(r)), n(every) {
    if (n < 1) throw std::invalid_argument("knit: takenth takes every n-th element with n from 1 on, not " + std::to_string(n));
  }
  void begin() {
    all.begin();
    found = false;
  }
  bool over() {
    for (long k = 1; !found && !all.over(); ++k)
      if (k < n) all.next();
      else found = true;
    return !found;
  }
  decltype(auto) read() {
    over();
    return all.read();
  }
  void next() {
    over();
    all.next();
    found = false;
  }
  auto size() requires ranges::sized_range<Rng> { return all.size() / std::size_t(n); }
  auto later_size() requires ranges::sized_range<Rng> { return all.later_size() / std::size_t(n); }
};

/// `losses | takenth(n)` or `takenth(losses, n)`: the n-th, the 2n-th, ... loss; all steps are made, n for each that is read.
inline constexpr adaptor<takenth_stage> takenth{};

}  // namespace knit
