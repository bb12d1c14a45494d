// SPDX-License-Identifier: BSL-1.0
// scalar.hpp -- in: one float or double. out: the vocabulary of simd/lanes.hpp for it, by std.

#pragma once

#include <cmath>
#include <concepts>

namespace knit::scalar {

using std::abs;
using std::copysign;
using std::exp;
using std::floor;
using std::fma;
using std::log;
using std::sqrt;
using std::tanh;

/// `yes` if m, else `no`.
template <std::floating_point T> constexpr T select(bool m, T yes, T no) { return m ? yes : no; }

/// a < b ? a : b -- so b where either is NaN, as for lanes.
template <std::floating_point T> constexpr T min(T a, T b) { return a < b ? a : b; }

/// a > b ? a : b -- so b where either is NaN, as for lanes.
template <std::floating_point T> constexpr T max(T a, T b) { return a > b ? a : b; }

/// The logistic function 1 / (1 + exp(-x)), without overflow and relatively exact on both sides.
template <std::floating_point T> T sigm(T x) {
  T const z = std::exp(-std::abs(x));
  return (x < T(0) ? z : T(1)) / (T(1) + z);
}

constexpr bool any(bool m) { return m; }
constexpr bool all(bool m) { return m; }

}  // namespace knit::scalar
