// SPDX-License-Identifier: BSL-1.0
// wolfe.hpp -- in: a function along a line, downhill at 0. out: a step that is long enough and goes down enough.
#pragma once
#include <algorithm>
#include <cmath>

namespace knit {

/// A function at one place of a line: its value and its slope there.
struct line_point {
  double at, value, slope;
};

namespace detail {

/// Where the cubic through two points and their slopes is least; halfway if it is nowhere or too near an end.
inline double least_of_cubic(line_point const& p, line_point const& q) {
  const double d1 = p.slope + q.slope - 3 * (p.value - q.value) / (p.at - q.at);
  const double d2 = std::copysign(std::sqrt(d1 * d1 - p.slope * q.slope), q.at - p.at);
  const double at = q.at - (q.at - p.at) * (q.slope + d2 - d1) / (q.slope - p.slope + 2 * d2);
  const double share = (at - p.at) / (q.at - p.at);
  return share > 0.1 && share < 0.9 ? at : (p.at + q.at) / 2;  // also where it is no number
}

}  // namespace detail

/// A point p with p.value <= start.value + 1e-4 p.at start.slope and |p.slope| <= 0.9 |start.slope|, the strong Wolfe
/// conditions; f(at) gives points, is asked for `first` first and for p last. Where `most` points do not find one, or
/// numbers have no more digits, the lowest so far, or `start`. Source: Nocedal, Wright, Numerical Optimization, 2006,
/// algorithms 3.5 and 3.6.
template <class F> line_point strong_wolfe(F&& f, line_point const& start, double first, int most = 50) {
  line_point low = start, high{}, last = start;
  bool between = false;  // low and high have a point that will do between them
  for (double at = first; most > 0; --most) {
    last = f(at);
    const bool falls =
        last.value <= start.value + 1e-4 * at * start.slope && (low.at == 0 || last.value < low.value) && std::isfinite(last.slope);
    if (falls && std::abs(last.slope) <= 0.9 * std::abs(start.slope)) return last;
    if (!falls) between = true, high = last;
    else {
      if (last.slope * ((between ? high.at : at + 1) - low.at) >= 0) between = true, high = low;
      low = last;
    }
    at = between ? detail::least_of_cubic(low, high) : 2 * at;
    if (at == low.at || at == high.at || !std::isfinite(at)) break;
  }
  return last.at == low.at || low.at == 0 ? low : f(low.at);
}

}  // namespace knit
