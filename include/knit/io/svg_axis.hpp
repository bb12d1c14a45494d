// SPDX-License-Identifier: BSL-1.0
// svg_axis.hpp -- in: numbers, the ends of an axis in a picture. out: where each lies, and round numbers to write there.
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace knit::detail {

/// A scale of numbers, or of their logarithms, and where they lie in the picture.
struct svg_axis {
  bool logarithmic;
  double from, to;  ///< in the picture
  double low = std::numeric_limits<double>::infinity(), high = -low;

  double scaled(double v) const { return logarithmic ? std::log10(v) : v; }
  bool shows(double v) const { return std::abs(v) < 1e300 && (!logarithmic || v > 0); }
  void include(double v) { low = std::min(low, scaled(v)), high = std::max(high, scaled(v)); }
  void close() {
    if (low > high) low = 0, high = 1;  // nothing to show
    if (const double least = 1e-9 * std::max(std::abs(low), std::abs(high)); high - low <= least) {
      const double room = logarithmic ? 0.5 : low == 0 ? 1 : std::abs(low) / 2;
      low -= room, high += room;
    }
  }
  double place(double v) const { return from + (scaled(v) - low) / (high - low) * (to - from); }
  /// Round numbers: 1, 2 or 5 times a power of 10 apart; on a logarithmic scale powers of 10, and, if these are few, 2 and 5
  /// times each.
  std::vector<double> ticks() const {
    std::vector<double> t;
    auto add = [&](double v) {
      if (const double s = scaled(v), slack = 1e-9 * (high - low); s >= low - slack && s <= high + slack) t.push_back(v);
    };
    if (logarithmic && high - low > 0.7) {
      const int skip = int((high - low) / 8) + 1;
      for (int e = int(std::floor(low)); e <= high; ++e)
        for (int by : {1, 2, 5})
          if (by == 1 ? e % skip == 0 : high - low < 3) add(by * std::pow(10.0, e));
      return t;
    }
    const double first = logarithmic ? std::pow(10, low) : low, last = logarithmic ? std::pow(10, high) : high;
    const double rough = (last - first) / 6, power = std::pow(10, std::floor(std::log10(rough)));
    const double step = power * (rough <= power ? 1 : rough <= 2 * power ? 2 : rough <= 5 * power ? 5 : 10);
    for (double k = std::floor(first / step); k * step <= last + step / 2; ++k) add(k * step);
    return t;
  }
};

}  // namespace knit::detail
