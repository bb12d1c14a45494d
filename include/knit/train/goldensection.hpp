// SPDX-License-Identifier: BSL-1.0
// goldensection.hpp -- in: a function of a few numbers. out: where it is least, by golden section along each at a time.
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace knit {

/// Where goldensection ends, and how its steps change.
struct goldensection_options {
  double dxmin = 0.1;                 ///< it ends when the step along each number is smaller
  double accel = std::numbers::phi;   ///< by which steps grow and shrink
};
/// NaN, if the function was a finite number nowhere.
struct minimum {
  double value;
  std::vector<double> x;
};

namespace detail {

/// A function that is not called twice at one point. Infinities are NaN, and so is what has no place.
template <class F> class remembered {
 public:
  remembered(F& f, double apart) : f_(f), apart_(apart) {}
  double operator()(std::vector<double> const& x) {
    constexpr double none = std::numeric_limits<double>::quiet_NaN();
    if (!std::ranges::all_of(x, [](double v) { return std::isfinite(v); })) return none;
    for (auto const& [at, value] : known_)
      if (std::ranges::equal(at, x, [&](double a, double b) { return std::abs(a - b) < apart_; })) return value;
    const double value = double(f_(x));
    return known_.emplace_back(x, std::isfinite(value) ? value : none).second;
  }

 private:
  F& f_;
  double apart_;
  std::vector<std::pair<std::vector<double>, double>> known_;
};

}  // namespace detail

/// `goldensection([&](std::vector<double> const& x) { return loss(0.1 * std::exp(x[0])); }, 1)`: a local minimum of a
/// function of n numbers, from zeros on with steps of 1. A step that makes it smaller is kept, and the next along that number
/// is `accel` times as long; otherwise the next goes the other way and is as much shorter. The number whose last step
/// changed the function most is next. Near a minimum along one number that is golden section: a call for each factor of
/// 0.618. A value that is NaN or infinite is worse than all; what falls without end is followed to the largest numbers. Throws
/// std::invalid_argument unless n > 0, 0 < dxmin <= 1 and accel > 1. Source: Knet.jl.
template <class F> minimum goldensection(F&& function, int n, goldensection_options o = {}) {
  if (n < 1 || !(o.dxmin > 0 && o.dxmin <= 1) || !(o.accel > 1))
    throw std::invalid_argument("knit: goldensection takes n from 1 on, dxmin above 0 and at most 1, and accel above 1, not " +
                                std::to_string(n) + ", " + std::to_string(o.dxmin) + " and " + std::to_string(o.accel));
  detail::remembered f(function, o.dxmin / 1000);
  minimum best{0, std::vector<double>(std::size_t(n))};
  best.value = f(best.x);
  std::vector<double> step(std::size_t(n), 1), gain(std::size_t(n), std::numeric_limits<double>::infinity());
  const auto done = [&](double s) { return std::abs(s) < o.dxmin; };
  while (!std::ranges::all_of(step, done)) {
    const auto i = std::size_t(std::ranges::max_element(gain) - gain.begin());
    std::vector<double> x = best.x;
    x[i] += step[i];
    const double value = f(x), change = std::abs(value - best.value);
    if (std::isfinite(change)) gain[i] = change;
    if (!std::isnan(value) && !(value >= best.value)) {
      gain[i] *= o.accel;
      step[i] = std::copysign(std::min(std::abs(step[i]) * o.accel, std::numeric_limits<double>::max()), step[i]);
      best = {value, std::move(x)};
      for (std::size_t k = 0; k < step.size(); ++k)  // from here every number is worth a step again
        if (std::abs(step[k]) < o.dxmin * o.accel) {
          step[k] = std::copysign(o.dxmin * o.accel, step[k]);
          gain[k] = std::max(gain[k], 0.0);
        }
    } else {
      gain[i] /= o.accel;
      step[i] /= -o.accel;
      if (done(step[i])) gain[i] = -1;
    }
  }
  return best;
}

}  // namespace knit
