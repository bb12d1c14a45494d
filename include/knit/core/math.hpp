// SPDX-License-Identifier: BSL-1.0
// math.hpp -- in: float or double. out: the functions that an op's eval may use, under the names that lanes have too.
#pragma once
#include <cmath>
#include <knit/core/device.hpp>
#include <type_traits>

namespace knit::math {

// An op's eval says `using math::exp; return exp(x);` and runs on float, double and any lane type that brings
// functions of these names in its own namespace.
template <class T> concept real = std::is_floating_point_v<T>;

/// a where c holds, else b.
template <real T> KNIT_FN constexpr T select(bool c, T a, T b) { return c ? a : b; }
/// As of the C library, here and below.
template <real T> KNIT_FN T exp(T x) { return std::exp(x); }
/// The natural logarithm.
template <real T> KNIT_FN T log(T x) { return std::log(x); }
/// The square root.
template <real T> KNIT_FN T sqrt(T x) { return std::sqrt(x); }
/// The sine of an angle in radians.
template <real T> KNIT_FN T sin(T x) { return std::sin(x); }
/// The cosine.
template <real T> KNIT_FN T cos(T x) { return std::cos(x); }
/// The hyperbolic tangent.
template <real T> KNIT_FN T tanh(T x) { return std::tanh(x); }
/// The next whole number below.
template <real T> KNIT_FN T floor(T x) { return std::floor(x); }
/// a b + c, rounded once.
template <real T> KNIT_FN T fma(T a, T b, T c) { return std::fma(a, b, c); }
/// The absolute value; 0 of -0.
template <real T> KNIT_FN constexpr T abs(T x) { return x < 0 ? -x : x == 0 ? T(0) : x; }
/// a > b ? a : b, so b where either is NaN, as the lanes' instruction has it.
template <real T> KNIT_FN constexpr T max(T a, T b) { return a > b ? a : b; }
/// a < b ? a : b, likewise.
template <real T> KNIT_FN constexpr T min(T a, T b) { return a < b ? a : b; }
/// 1 / (1 + exp(-x)), without overflow on either side.
template <real T> KNIT_FN T sigm(T x) {
  const T e = std::exp(x < 0 ? x : -x);
  return (x < 0 ? e : T(1)) / (T(1) + e);
}
/// f on each pair of lanes of two values.
template <real T, class F> KNIT_FN T each(T x, T y, F f) { return f(x, y); }

}  // namespace knit::math
