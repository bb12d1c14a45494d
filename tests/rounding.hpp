// SPDX-License-Identifier: BSL-1.0
// rounding.hpp -- in: a computation on numbers. out: the same in double, and how far float's rounding may take it.
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

namespace rounding {

/// A number type for scalar_backend: the value in double, and the variance of the error that a float program has
/// made on the way to it, if each rounding is independent of all others. So a tolerance need not be guessed: it
/// follows from the terms of each element, is wide where large terms cancel and where a decision (relu's
/// derivative, say) hangs on a rounding, and narrow everywhere else.
struct number {
  double value = 0, variance = 0;

  constexpr number() = default;
  template <class N> requires std::is_arithmetic_v<N>
  constexpr number(N n) : value(double(n)), variance((double(float(n)) - value) * (double(float(n)) - value)) {
    if (variance != variance) variance = 0;  // an infinity is itself
  }
  constexpr number(double v, double of) : value(v), variance(of) {}

  constexpr explicit operator float() const { return float(value); }
  constexpr explicit operator double() const { return value; }
  double deviation() const { return std::sqrt(variance); }
};

/// Standard deviations between what is expected and what is taken for a fault. Errors are not quite independent,
/// so that it is more than a normal distribution asks for.
inline constexpr double slack = 10;

/// Half a unit in the last place is the most that a rounding does; the variance of what one does.
constexpr double rounded(double x, double units = 1) {
  const double e = 0x1p-24 * units * x;
  return e * e / 3;
}

/// A comparison, and whether rounding may change it.
struct truth {
  bool value, sure;
  constexpr explicit operator bool() const { return value; }
};
inline truth decide(bool value, number a, number b) {
  const double d = a.value - b.value;
  return {value, !(d * d <= slack * slack * (a.variance + b.variance)) || a.variance + b.variance == 0};
}
inline truth operator<(number a, number b) { return decide(a.value < b.value, a, b); }
inline truth operator>(number a, number b) { return decide(a.value > b.value, a, b); }
inline truth operator<=(number a, number b) { return decide(a.value <= b.value, a, b); }
inline truth operator>=(number a, number b) { return decide(a.value >= b.value, a, b); }
inline truth operator==(number a, number b) { return decide(a.value == b.value, a, b); }
inline truth operator!=(number a, number b) { return decide(a.value != b.value, a, b); }

inline number operator-(number a) { return {-a.value, a.variance}; }
inline number operator+(number a, number b) {
  const double s = a.value + b.value;
  return {s, a.variance + b.variance + rounded(s)};
}
inline number operator-(number a, number b) { return a + -b; }
/// The last term is the product of both errors. It is all there is where they are larger than the values: a relu's
/// decision that hangs on a rounding has a term d of a gradient of nearly 0, and its square is d^2 or nearly 0.
inline number operator*(number a, number b) {
  const double p = a.value * b.value;
  const double first = a.value * a.value * b.variance + b.value * b.value * a.variance;
  return {p, first + a.variance * b.variance + rounded(p)};
}
inline number operator/(number a, number b) {
  const double q = a.value / b.value, by = 1 / (b.value * b.value);
  return {q, by * (a.variance + q * q * b.variance) + rounded(q, 2)};
}
inline number fma(number a, number b, number c) { return a * b + c; }
inline number& operator+=(number& a, number b) { return a = a + b; }

/// f(a) with that slope, from a function that is right to so many units in the last place.
inline number smooth(double f, double slope, number a, double units = 3) {
  return {f, slope * slope * a.variance + rounded(f, units)};
}
inline number exp(number a) { return smooth(std::exp(a.value), std::exp(a.value), a); }
inline number log(number a) { return smooth(std::log(a.value), 1 / a.value, a); }
inline number sin(number a) { return smooth(std::sin(a.value), std::cos(a.value), a); }
inline number cos(number a) { return smooth(std::cos(a.value), -std::sin(a.value), a); }
inline number sqrt(number a) {
  const double y = std::sqrt(a.value);
  return smooth(y, y > 0 ? 0.5 / y : 0, a, 1);
}
inline number tanh(number a) {
  const double y = std::tanh(a.value);
  return smooth(y, 1 - y * y, a);
}
inline number sigm(number a) {
  const double y = 1 / (1 + std::exp(-a.value));
  return smooth(y, y * (1 - y), a, 4);
}
inline number select(truth c, number a, number b) {
  const number y = c.value ? a : b;
  if (c.sure) return y;
  const double d = a.value - b.value;
  return {y.value, std::max(a.variance, b.variance) + d * d};
}
/// One of both: where it is not sure which, they are near to each other.
inline number max(number a, number b) {
  const truth c = a > b;
  return {std::max(a.value, b.value), !c.sure ? std::max(a.variance, b.variance) : c.value ? a.variance : b.variance};
}
inline number min(number a, number b) { return -max(-a, -b); }
inline number abs(number a) { return {std::abs(a.value), a.variance}; }
inline number select(bool c, number a, number b) { return c ? a : b; }

}  // namespace rounding

template <> struct std::numeric_limits<rounding::number> : std::numeric_limits<double> {
  static constexpr rounding::number infinity() { return {std::numeric_limits<double>::infinity(), 0}; }
};
