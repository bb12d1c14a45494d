// SPDX-License-Identifier: BSL-1.0
// init.hpp -- in: a seed, a stream and the number of an element. out: the weight's first value.
#pragma once
#include <cmath>
#include <concepts>
#include <cstdint>
#include <knit/core/philox.hpp>
#include <knit/core/source_location.hpp>

namespace knit {

/// Tells arrays under one seed apart: a number, or the place in the source that asks for the array, its line and
/// column. The place is what is taken where no stream is named, so arrays made at two places differ, and the same
/// program makes the same ones each time. Name a number for weights that must not depend on where the call stands or
/// on how a compiler counts columns, and where one place makes several (in a loop, a macro, a function that is called
/// twice).
struct init_stream {
  std::uint64_t number;
  constexpr init_stream(std::uint64_t n) : number(n) {}
  /// The upper half of all numbers, which nobody counts to.
  constexpr init_stream(detail::source_location const& at)
      : number((std::uint64_t{at.line()} << 32 | at.column()) * 0x9e3779b97f4a7c15ull | std::uint64_t{1} << 63) {}
};

/// Gives the first value of element `i` (from 0, first index fastest) of a weight with `rows` outputs and `cols`
/// inputs, both >= 1. The value is a function of the seed, the stream (one per parameter), i and the shape, so it
/// is the same in any order, layout and number of threads. Errors: none.
template <class F> concept initializer = requires(F const& init, std::uint64_t stream, std::int64_t i, int rows, int cols) {
  { init(stream, i, rows, cols) } -> std::same_as<float>;
};

namespace detail {
/// A key of its own ("init"): see shuffle.
constexpr auto init_bits(std::uint64_t seed, std::uint64_t stream, std::int64_t i) {
  return philox(seed ^ std::uint64_t{0x696e6974} << 32, stream, std::uint64_t(i));
}
inline double init_normal(std::uint64_t seed, std::uint64_t stream, std::int64_t i) {
  auto const bits = init_bits(seed, stream, i);
  return normal_pair(bits[0], bits[1])[0];
}
}  // namespace detail

/// Uniform in [-a, a) with a = gain sqrt(6 / (rows + cols)), which keeps the variance of values and gradients
/// from layer to layer. Source: Glorot, Bengio, AISTATS 2010.
struct xavier_uniform {
  std::uint64_t seed;
  float gain = 1;

  float operator()(std::uint64_t stream, std::int64_t i, int rows, int cols) const {
    float const a = float(gain * std::sqrt(6 / (double(rows) + double(cols))));
    return a * (2 * uniform01(detail::init_bits(seed, stream, i)[0]) - 1);
  }
};

/// Normal with mean 0 and standard deviation gain sqrt(2 / (rows + cols)). Source: as xavier_uniform.
struct xavier_normal {
  std::uint64_t seed;
  float gain = 1;

  float operator()(std::uint64_t stream, std::int64_t i, int rows, int cols) const {
    return float(gain * std::sqrt(2 / (double(rows) + double(cols))) * detail::init_normal(seed, stream, i));
  }
};

/// Normal with the given mean and standard deviation, whatever the shape.
struct gaussian {
  std::uint64_t seed;
  float mean = 0;
  float std = 0.01f;

  float operator()(std::uint64_t stream, std::int64_t i, int, int) const {
    return float(mean + std * detail::init_normal(seed, stream, i));
  }
};

/// 0 everywhere, as biases begin.
struct zeros {
  constexpr float operator()(std::uint64_t, std::int64_t, int, int) const { return 0; }
};

}  // namespace knit
