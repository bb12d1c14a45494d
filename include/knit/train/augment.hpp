// SPDX-License-Identifier: BSL-1.0
// augment.hpp -- in: a range of batches, a random change of an instance. out: batches of changed instances.
#pragma once
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <knit/core/philox.hpp>
#include <knit/core/sentence.hpp>
#include <knit/train/owned_batch.hpp>
#include <knit/train/pull.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace knit {

namespace detail {

/// Arrays whose last axis counts instances, each of which lies without gaps.
template <class T> inline constexpr bool holds_instances = false;
template <class T, long... N> inline constexpr bool holds_instances<view<T, N...>> = [] {
  constexpr shape s = view<T, N...>::shape;
  for (int k = 0; k + 1 < s.rank; ++k)
    if (s.name[k] != 0) return false;
  return s.rank > 0;
}();

template <class T> inline constexpr bool changeable = false;
template <batch_like T> inline constexpr bool changeable<T> = holds_instances<std::remove_cvref_t<decltype(T::x)>>;

template <class T> constexpr sentence no_instances() {
  return sentence()
         << "augment changes the instances of batches whose x is a view with one in each step of its last axis, the only "
            "one that may have a name; an element of this range has no such x";
}
template <class F> constexpr sentence changes_nothing() {
  return sentence()
         << "augment calls f(x, random) with x the std::span of the elements of an instance and random a knit::generator; "
            "this f cannot be called so";
}

}  // namespace detail

/// f is called for batches that somebody reads, and once for each of their instances.
template <class Rng, class F> struct augment_stage {
  static constexpr ranges::cardinality cardinality = upstream<Rng>::cardinality;
  using batch = std::remove_cvref_t<ranges::range_reference_t<Rng>>;
  upstream<Rng> all;
  F f;
  std::uint64_t seed, begun = 0, number = 0;  // of passes; of the batch
  bool made = false;
  detail::owned_batch<batch> own;

  augment_stage(Rng r, F g, std::uint64_t s) : all(std::move(r)), f(std::move(g)), seed(s) {}
  void begin() {
    all.begin();
    ++begun;
    number = 0;
    made = false;
  }
  bool over() { return !made && all.over(); }
  batch read() {
    if (!made) change(all.read());
    made = true;
    return own.batch();
  }
  void next() {
    all.next();
    ++number;
    made = false;
  }
  auto size() requires ranges::sized_range<Rng> { return all.size(); }
  auto position() requires requires(Rng& r) { r.position(); } { return all.position(); }
  auto later_size() requires ranges::sized_range<Rng> { return all.later_size(); }

 private:
  /// Of the batch that was read last: the pass and its number in that. Where what is before knows the epoch, as a minibatch
  /// does, they are the epoch's, so that a training that goes on in the middle of one draws what it would have drawn.
  std::pair<std::uint64_t, std::uint64_t> place() {
    if constexpr (requires { all.position().epoch; }) {
      const auto at = all.position();
      return {at.epoch - 1, std::uint64_t(at.batch) - 1};
    } else return {begun - 1, number};
  }
  void change(batch const& from) {
    constexpr shape s = decltype(batch::x)::shape;
    constexpr std::size_t size = std::size_t(s.size() / s.extent[s.rank - 1]);
    own.keep(from);
    // A key of its own ("augm"): see shuffle.
    const auto [pass, at] = place();
    const auto bits = philox(seed ^ std::uint64_t{0x6175676d} << 32, pass, at);
    for (std::size_t i = 0; i < std::size_t(from.x.extent(s.rank - 1)); ++i) {
      generator random(bits[0] | std::uint64_t(bits[1]) << 32, i);
      f(std::span(own.x() + i * size, size), random);
    }
  }
};

namespace detail {
struct augment_fn {
  template <ranges::viewable_range Rng, class F> auto operator()(Rng&& r, F f, std::uint64_t seed = 1) const {
    using element = std::remove_cvref_t<ranges::range_reference_t<ranges::views::all_t<Rng>>>;
    if constexpr (!changeable<element>) return complain<no_instances<element>()>();
    else if constexpr (!std::invocable<F&, std::span<typename decltype(element::x)::value_type>, generator&>)
      return complain<changes_nothing<F>()>();
    else return stage_view(augment_stage(ranges::views::all(std::forward<Rng>(r)), std::move(f), seed));
  }
  template <class F> requires(!ranges::range<F>) auto operator()(F f, std::uint64_t seed = 1) const {
    return ranges::make_view_closure(ranges::bind_back(*this, std::move(f), seed));
  }
};

inline void check_image(std::size_t elements, int width, int height) {
  if (width < 1 || height < 1 || elements % (std::size_t(width) * std::size_t(height)) != 0)
    throw std::invalid_argument("knit: an instance of " + std::to_string(elements) + " elements is no number of images of " +
                                std::to_string(width) + " x " + std::to_string(height));
}
}  // namespace detail

/// `batches | augment(f)` or `augment(f, seed)`: f(x, random) changes each instance in place, in memory of the view's
/// own: x is a std::span of its elements, first index fastest, and random a generator. What random gives is a function of
/// the seed, the number of the pass, of the batch in it and of the instance in that, so neither threads nor what is read
/// when change it. Behind a minibatch, with at most cycle, repeat and other augment between, the pass is the epoch: so what a
/// training draws that was loaded is what it would have drawn. Of two augment in a row, and of shards of one set, each takes
/// a seed of its own. Labels stay.
inline constexpr detail::augment_fn augment{};

/// Images of width x height, one or, as channels, several to an instance: all move by the same -most .. most columns and
/// rows; what leaves is lost, what comes in is zero. It is a random crop after padding with `most` zeros on each side.
/// Throws std::invalid_argument if an instance is no whole number of images or most is negative.
struct random_shift {
  int width, height, most;

  template <class T> void operator()(std::span<T> x, generator& random) const {
    detail::check_image(x.size(), width, height);
    if (most < 0)
      throw std::invalid_argument("knit: random_shift moves by at most a number from 0 on, not " + std::to_string(most));
    const int right = amount(random), down = amount(random);
    for (std::size_t first = 0; first < x.size(); first += std::size_t(width) * std::size_t(height))
      for (int k = 0; k < height; ++k) {
        const int row = down > 0 ? height - 1 - k : k;  // the row that it gets is still as it was
        move(x.data() + first, row, row - down, right);
      }
  }

 private:
  int amount(generator& random) const { return int(random.below(2u * unsigned(most) + 1)) - most; }
  template <class T> void move(T* image, int row, int from, int right) const {
    T* const to = image + row * width;
    const bool inside = from >= 0 && from < height;
    const int first = std::clamp(right, 0, width), kept = inside ? std::max(width - std::abs(right), 0) : 0;
    if (kept > 0) std::memmove(to + first, image + from * width + std::max(-right, 0), sizeof(T) * std::size_t(kept));
    std::fill(to, to + first, T{});
    std::fill(to + first + kept, to + width, T{});
  }
};

/// Images as those of random_shift: with probability 1/2 those of an instance are mirrored, left to right. Throws
/// std::invalid_argument if an instance is no whole number of rows.
struct random_flip {
  int width;

  template <class T> void operator()(std::span<T> x, generator& random) const {
    detail::check_image(x.size(), width, 1);
    if (random() >> 31)
      for (auto row = x.begin(); row != x.end(); row += width) std::reverse(row, row + width);
  }
};

}  // namespace knit
