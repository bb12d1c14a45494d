// SPDX-License-Identifier: BSL-1.0
// team.hpp -- in: a function of a thread's number. out: it has run on several threads, which are kept for the next time.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

namespace knit {

/// Number of threads that programs use; 0: one for each core. Results do not depend on it.
inline int& thread_count() {
  static int n = 0;
  return n;
}

namespace simd {

/// Waits until done() holds: first spinning, for what threads on cores of their own need; then giving the core away,
/// since with more threads than free cores a spinning one keeps the thread that it waits for from running. After about
/// so many times of that it gives up and returns false; patience < 0 never does.
template <class Done> bool wait_awake(Done const& done, int patience) {
  for (int spins = 0; !done(); ++spins) {
    if (spins < 2000) {
#if defined(__x86_64__) || defined(__i386__)
      __builtin_ia32_pause();
#endif
    } else if (patience >= 0 && spins - 2000 >= patience) return false;
    else std::this_thread::yield();
  }
  return true;
}

/// Where the threads of a program wait for each other between kernels.
class meeting {
 public:
  /// Returns when all `threads` have called it.
  void wait(int threads) {
    const int phase = phase_.load(std::memory_order_acquire);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) == threads - 1) {
      arrived_.store(0, std::memory_order_relaxed);
      phase_.store(phase + 1, std::memory_order_release);
    } else wait_awake([&] { return phase_.load(std::memory_order_acquire) != phase; }, -1);
  }

 private:
  alignas(64) std::atomic<int> arrived_{0};
  alignas(64) std::atomic<int> phase_{0};
};

/// The threads that programs run on: made when first asked for, awake for some hundred microseconds after each job and
/// asleep afterwards. OpenMP's team waits spinning: where cores are shared, two of its threads made an epoch of MNIST
/// take seconds instead of a fifth of one.
class team {
 public:
  static team& of_process() {
    static team t;
    return t;
  }
  /// One for each core that this process may use.
  static int cores() {
    static const int n = int(std::thread::hardware_concurrency());
    return n > 0 ? n : 1;
  }

  /// Starts threads, so that `run` on so many need not. Waits while the team is at work; within that work it does nothing.
  void start(int threads) {
    if (at_work()) return;
    wait_awake([&] { return !busy_.test_and_set(std::memory_order_acquire); }, -1);
    const held here{*this};
    grow(threads);
  }
  /// Threads of its own that there are.
  int size() const { return int(members_.size()); }
  /// Calls f(0) on this thread and f(1) .. f(threads - 1) on others, and returns when all are done. False, and nothing
  /// is called, while the team is at other work: a program within a program runs on one thread. f must not throw.
  template <class F> bool run(int threads, F const& f) {
    if (busy_.test_and_set(std::memory_order_acquire)) return false;
    const held here{*this};
    grow(threads);
    job_ = &f;
    call_ = [](void const* job, int thread) { (*static_cast<F const*>(job))(thread); };
    left_.store(threads - 1, std::memory_order_relaxed);
    for (int k = 0; k < threads - 1; ++k) members_[std::size_t(k)]->wake();
    at_work() = true;
    f(0);
    at_work() = false;
    wait_awake([&] { return left_.load(std::memory_order_acquire) == 0; }, -1);
    return true;
  }

  team(team const&) = delete;
  team& operator=(team const&) = delete;

 private:
  team() = default;
  /// What holds it lets it go, also where a thread cannot be started.
  struct held {
    team& of;
    ~held() { of.busy_.clear(std::memory_order_release); }
  };
  void grow(int threads) {
    while (size() < threads - 1) members_.push_back(std::make_unique<member>(*this, size() + 1));
  }
  /// Is this thread within a job?
  static bool& at_work() {
    static thread_local bool is = false;
    return is;
  }

  struct member {
    team& of;
    int number;
    alignas(64) std::atomic<std::uint32_t> round{0};
    std::atomic<bool> over{false};
    std::thread thread;

    member(team& t, int n) : of(t), number(n), thread([this] { serve(); }) {}
    ~member() {
      over.store(true, std::memory_order_relaxed);
      wake();
      thread.join();
    }
    void wake() {
      round.fetch_add(1, std::memory_order_release);
      round.notify_one();
    }
    void serve() {
      at_work() = true;
      for (std::uint32_t seen = 0;; ++seen) {
        if (!wait_awake([&] { return round.load(std::memory_order_acquire) != seen; }, 200))
          round.wait(seen, std::memory_order_acquire);
        if (over.load(std::memory_order_relaxed)) return;
        of.call_(of.job_, number);
        of.left_.fetch_sub(1, std::memory_order_release);
      }
    }
  };

  std::atomic_flag busy_;
  void const* job_ = nullptr;
  void (*call_)(void const*, int) = nullptr;
  alignas(64) std::atomic<int> left_{0};
  std::vector<std::unique_ptr<member>> members_;
};

}  // namespace simd
}  // namespace knit
