// SPDX-License-Identifier: BSL-1.0
// tiny.hpp -- in: nothing. out: the samples and the initial weights of bench/tiny.py, for its C++ contestants.
#pragma once
#include "worker.hpp"

namespace bench::tiny {

constexpr int inputs = 4, first = 32, second = 16, outputs = 4, samples = 10000;
constexpr std::uint32_t counter[] = {1000000, 2000000, 3000000};  ///< where each weight's hash begins

struct data_set {
  std::vector<float> x, y;  ///< a sample after the other
  data_set() : x(inputs * samples), y(outputs * samples) {
    for (int i = 0; i < inputs * samples; ++i) x[std::size_t(i)] = float(hashed(std::uint32_t(i)));
    for (int s = 0; s < samples; ++s) {
      float const* const a = x.data() + s * inputs;
      for (int i = 0; i < outputs; ++i)
        y[std::size_t(s * outputs + i)] =
            float(0.75 * double(a[i]) * double(a[(i + 1) % inputs]) + 0.25 * double(a[(i + 2) % inputs]));
    }
  }
};

}  // namespace bench::tiny
