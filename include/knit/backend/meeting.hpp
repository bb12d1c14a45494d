// SPDX-License-Identifier: BSL-1.0
// meeting.hpp -- where the threads of a program wait for each other between kernels.
#pragma once
#include <atomic>
#include <thread>

namespace knit::simd {

/// A barrier that spins for the few microseconds that threads on cores of their own need, then gives its core
/// away: with more threads than free cores a spinning barrier waits for a thread that it keeps from running.
class meeting {
 public:
  /// Returns when all `threads` have called it.
  void wait(int threads) {
    const int phase = phase_.load(std::memory_order_acquire);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) == threads - 1) {
      arrived_.store(0, std::memory_order_relaxed);
      phase_.store(phase + 1, std::memory_order_release);
      return;
    }
    for (int spins = 0; phase_.load(std::memory_order_acquire) == phase; ++spins)
      if (spins > 1000) std::this_thread::yield();
      else relax();
  }

 private:
  static void relax() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
  }
  alignas(64) std::atomic<int> arrived_{0};
  alignas(64) std::atomic<int> phase_{0};
};

}  // namespace knit::simd
