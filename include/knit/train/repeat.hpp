// SPDX-License-Identifier: BSL-1.0
// repeat.hpp -- in: a range. out: it again and again, n times or without end.
#pragma once
#include <knit/train/pull.hpp>
#include <stdexcept>
#include <string>

namespace knit {

/// A pass that is over is followed by another only when more is asked for; each calls begin anew, so a minibatch reshuffles.
template <class Rng> struct repeat_stage {
  static constexpr ranges::cardinality cardinality =
      upstream<Rng>::cardinality == ranges::infinite ? ranges::unknown : detail::rescaled(upstream<Rng>::cardinality);
  upstream<Rng> pass;
  long times, begun = 0;

  repeat_stage(Rng r, long n) : pass(std::move(r)), times(n) {
    if (n < 0) throw std::invalid_argument("knit: repeat takes a number of passes from 0 on, not " + std::to_string(n));
  }
  void begin() { begun = 0; }
  bool over() {
    while (begun == 0 || pass.over()) {
      if (begun == times) return true;
      pass.begin();
      ++begun;
    }
    return false;
  }
  decltype(auto) read() {
    over();
    return pass.read();
  }
  void next() {
    over();
    pass.next();
  }
  std::size_t size() requires ranges::sized_range<Rng> {
    return times == 0 ? 0 : pass.size() + std::size_t(times - 1) * pass.later_size();
  }
  std::size_t later_size() requires ranges::sized_range<Rng> { return std::size_t(times) * pass.later_size(); }
  auto position() requires requires(Rng& r) { r.position(); } { return pass.position(); }
};

/// A range that begins again whenever it ends.
template <class Rng> struct cycle_stage {
  static constexpr ranges::cardinality cardinality = ranges::infinite;
  upstream<Rng> pass;
  bool yields = false;

  explicit cycle_stage(Rng r) : pass(std::move(r)) {}
  void begin() {
    pass.begin();
    yields = false;
  }
  bool over() { return false; }
  void settle() {
    for (; pass.over(); yields = false, pass.begin())
      if (!yields) throw std::length_error("knit: cycle of an empty range never yields");
    yields = true;
  }
  decltype(auto) read() {
    settle();
    return pass.read();
  }
  void next() {
    settle();
    pass.next();
  }
  auto position() requires requires(Rng& r) { r.position(); } { return pass.position(); }
};

/// `data | repeat(n)` or `repeat(data, n)`: n epochs.
inline constexpr adaptor<repeat_stage> repeat{};
/// `data | cycle` or `cycle(data)`: data without end, an epoch after the other. An empty range throws std::length_error
/// when it is read.
inline constexpr view_closure<adaptor<cycle_stage>> cycle{};

}  // namespace knit
