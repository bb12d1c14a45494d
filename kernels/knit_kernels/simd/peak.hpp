// SPDX-License-Identifier: BSL-1.0
// peak.hpp -- in: nothing. out: the floating-point peak of this core, or several, at this moment.

#pragma once

#include <knit_kernels/simd/lanes.hpp>
#include <knit_kernels/team.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

namespace knit::simd {
inline namespace HWY_NAMESPACE {

namespace detail {

/// x = x*factor + term in independent chains: more than latency 4 x two units needs.
template <class T, std::size_t... chain>
HWY_API T fma_chains(int steps, basic_lanes<T> factor, basic_lanes<T> term, std::index_sequence<chain...>) {
  basic_lanes<T> x[] = {T(chain)...};
  for (int step = 0; step < steps; ++step) ((x[chain] = fma(x[chain], factor, term)), ...);
  return reduce_add((x[chain] + ...));
}

}  // namespace detail

/// Multiply-adds of T in GF/s, from registers only: the best of `runs` runs of 100 microseconds.
template <class T = float> double fma_peak(int runs = 20) {
  constexpr int chains = 12, steps = 65536;
  T volatile half = T(0.5);
  double best = 0;
  for (int run = 0; run < runs; ++run) {
    auto const from = std::chrono::steady_clock::now();
    T const volatile used = detail::fma_chains<T>(steps, T(half), T(half), std::make_index_sequence<chains>());
    std::chrono::duration<double> const taken = std::chrono::steady_clock::now() - from;
    (void)used;
    best = std::max(best, 2e-9 * chains * steps * basic_lanes<T>::count / taken.count());
  }
  return best;
}

/// The same of so many threads at once, added up.
inline double fma_peak_of_threads(int threads) {
  std::vector<double> peaks(std::size_t(threads), 0.0);
  team::of_process().run(threads, [&](int t) { peaks[std::size_t(t)] = fma_peak(); });
  return std::accumulate(peaks.begin(), peaks.end(), 0.0);
}

}  // namespace HWY_NAMESPACE
}  // namespace knit::simd
