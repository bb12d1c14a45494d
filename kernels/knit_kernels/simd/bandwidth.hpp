// SPDX-License-Identifier: BSL-1.0
// bandwidth.hpp -- in: a number of threads. out: how fast they read a stream and write another at this moment.

#pragma once

#include <hwy/cache_control.h>
#include <knit_kernels/simd/lanes.hpp>
#include <knit_kernels/team.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>

namespace knit::simd {
inline namespace HWY_NAMESPACE {

namespace detail {

enum class stores { ordinary, streaming };

/// Copies n floats, a multiple of four registers; both addresses are aligned to a register.
template <stores How> HWY_API void copy(float* to, float const* from, std::size_t n) {
  constexpr std::size_t c = lanes::count;
  auto put = [](float* p, lanes x) HWY_ATTR {
    if constexpr (How == stores::streaming) hn::Stream(x.v, lanes::tag(), p);
    else store_aligned(p, x);
  };
  for (std::size_t i = 0; i < n; i += 4 * c) {
    lanes const a = load_aligned(from + i), b = load_aligned(from + i + c), d = load_aligned(from + i + 2 * c),
                e = load_aligned(from + i + 3 * c);
    put(to + i, a), put(to + i + c, b), put(to + i + 2 * c, d), put(to + i + 3 * c, e);
  }
  if constexpr (How == stores::streaming) hwy::FlushStream();
}

struct release_aligned {
  void operator()(float* p) const { ::operator delete(p, std::align_val_t(64)); }
};
inline std::unique_ptr<float, release_aligned> aligned_floats(std::size_t n) {
  return std::unique_ptr<float, release_aligned>(static_cast<float*>(::operator new(n * sizeof(float), std::align_val_t(64))));
}

}  // namespace detail

/// Bytes read plus bytes written in GB/s: the best of `runs` copies of an array much larger than all caches by each of
/// three ways: streaming stores, which do not read what they overwrite, ordinary ones, and the C library's.
inline double copy_bandwidth(int threads, std::size_t floats = std::size_t(1) << 24, int runs = 4) {
  std::size_t const each = floats / std::size_t(threads) / 1024 * 1024, all = each * std::size_t(threads);
  auto const from = detail::aligned_floats(all), to = detail::aligned_floats(all);
  double best = 0;
  auto measure = [&](auto copy) {
    for (int run = 0; run < runs; ++run) {
      auto const start = std::chrono::steady_clock::now();
      team::of_process().run(threads,
                             [&](int t) { copy(to.get() + std::size_t(t) * each, from.get() + std::size_t(t) * each, each); });
      std::chrono::duration<double> const taken = std::chrono::steady_clock::now() - start;
      best = std::max(best, 2e-9 * sizeof(float) * double(all) / taken.count());
    }
  };
  // First touched by the thread that copies it, and with something else than zeros that are all one page.
  team::of_process().run(threads, [&](int t) {
    std::fill_n(from.get() + std::size_t(t) * each, each, 1.5f);
    std::fill_n(to.get() + std::size_t(t) * each, each, 0.5f);
  });
  measure([](float* a, float const* b, std::size_t n) { detail::copy<detail::stores::streaming>(a, b, n); });
  measure([](float* a, float const* b, std::size_t n) { detail::copy<detail::stores::ordinary>(a, b, n); });
  measure([](float* a, float const* b, std::size_t n) { std::memcpy(a, b, n * sizeof(float)); });
  float const volatile used = to.get()[all - 1];
  (void)used;
  return best;
}

}  // namespace HWY_NAMESPACE
}  // namespace knit::simd
