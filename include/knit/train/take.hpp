// SPDX-License-Identifier: BSL-1.0
// take.hpp -- in: a range. out: its first n elements.
#pragma once
#include <algorithm>
#include <knit/train/pull.hpp>
#include <stdexcept>
#include <string>

namespace knit {

/// Nothing behind the n-th is drawn. Of a range without end it has n elements, and says so, as range-v3's take does not.
template <class Rng> struct take_stage {
  static constexpr ranges::cardinality cardinality = ranges::finite;
  upstream<Rng> all;
  long most, taken = 0;

  take_stage(Rng r, long n) : all(std::move(r)), most(n) {
    if (n < 0) throw std::invalid_argument("knit: take takes a number of elements from 0 on, not " + std::to_string(n));
  }
  void begin() {
    all.begin();
    taken = 0;
  }
  bool over() { return taken == most || all.over(); }
  decltype(auto) read() { return all.read(); }
  void next() {
    all.next();
    ++taken;
  }
  auto size() requires(ranges::sized_range<Rng> || ranges::is_infinite<Rng>::value) {
    if constexpr (ranges::is_infinite<Rng>::value) return std::size_t(most);
    else return std::min(std::size_t(most), all.size());
  }
  auto later_size() requires ranges::sized_range<Rng> { return std::min(std::size_t(most), all.later_size()); }
};

/// `losses | take(n)` or `take(losses, n)`: the first n, or all if they are fewer.
inline constexpr adaptor<take_stage> take{};

}  // namespace knit
