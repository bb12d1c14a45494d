// SPDX-License-Identifier: BSL-1.0
// simd.hpp -- in: a program and its memory. out: one run of its plan on the lanes and cores of this CPU.
#pragma once
#include <knit/backend/contract.hpp>
#include <knit/backend/meeting.hpp>
#include <limits>
#include <memory>
#include <new>
#ifdef _OPENMP
#include <omp.h>
#endif

namespace knit {

/// Number of threads that programs use; 0: as many as OpenMP says. Results do not depend on it.
inline int& thread_count() {
  static int n = 0;
  return n;
}

namespace simd {
inline namespace HWY_NAMESPACE {

template <class P, int S> HWY_INLINE void run_step(memory const& m, int lo, int hi, int slab) {
  constexpr step st = P::plan.steps[S];
  constexpr bool empty = st.first == st.last && [] {
    for (int i = 0; i < P::plan.store_count; ++i)
      if (P::plan.stores[i].step == S) return false;
    return true;
  }();
  if constexpr (empty) return;
  else if constexpr (st.kind == step_kind::contract) contract_step<P, S>::run(m, lo, hi, slab);
  else if constexpr (st.kind == step_kind::copy) copy_step<P, S>::run(m);
  else map_step<P, S>::run(m, lo, hi, slab);
}

/// Never inlined or cloned: a compiler that fuses a multiplication with an addition in one copy of this, and not in
/// another, would let the last bit depend on whether one thread runs or several.
template <class P, int R, int... S>
#if defined(__GNUC__) && !defined(__clang__)
[[gnu::noclone]]
#endif
[[gnu::noinline]] void run_slab(memory const& m, int slab, std::integer_sequence<int, S...>) {
  constexpr region r = P::plan.regions[R];
  [[maybe_unused]] const int lo = r.extent == 1 ? 0 : r.bound(slab), hi = r.extent == 1 ? 0 : r.bound(slab + 1);
  (run_step<P, r.first + S>(m, lo, hi, slab), ...);
}

/// Work of the regions of one kernel before region R, and in all.
template <class P> constexpr double work_before(int kernel, int r) {
  double w = 0;
  for (int i = 0; i < r; ++i)
    if (P::plan.regions[i].level == kernel && !P::plan.regions[i].every_thread) w += P::plan.regions[i].flops + 1;
  return w;
}

/// The slabs of region R whose middle falls into this thread's share of the kernel's work.
template <class P, int K, int R> void run_region(memory const& m, int thread, int threads) {
  constexpr region r = P::plan.regions[R];
  if constexpr (r.level == K && r.every_thread) run_slab<P, R>(m, 0, std::make_integer_sequence<int, r.last - r.first>{});
  else if constexpr (r.level == K) {
    constexpr double all = work_before<P>(K, P::plan.region_count), before = work_before<P>(K, R);
    constexpr double each = (r.flops + 1) / r.slabs;
    for (int s = 0; s < r.slabs; ++s) {
      const int owner = int((before + (s + 0.5) * each) / all * threads);
      if (owner == thread) run_slab<P, R>(m, s, std::make_integer_sequence<int, r.last - r.first>{});
    }
  }
}
template <class P, int K, int... R> void run_kernel(memory const& m, int thread, int threads, std::integer_sequence<int, R...>) {
  (run_region<P, K, R>(m, thread, threads), ...);
}

/// How many threads a program runs on now.
template <class P> int threads_of() {
#ifdef _OPENMP
  if (!P::plan.parallel || omp_in_parallel()) return 1;
  return thread_count() > 0 ? thread_count() : omp_get_max_threads();
#else
  return 1;
#endif
}

template <class P, int... K> void run_kernels(memory const& m, int threads, std::integer_sequence<int, K...>) {
  constexpr auto regions = std::make_integer_sequence<int, P::plan.region_count>{};
#ifdef _OPENMP
  if (threads > 1) {
    meeting gather;
#pragma omp parallel num_threads(threads)
    {
      const int t = omp_get_thread_num(), n = omp_get_num_threads();
      const memory mine{m.leaves, m.arena, m.own + t * P::plan.own_floats, m.outputs};
      auto one = [&](auto kernel) {
        run_kernel<P, kernel>(mine, t, n, regions);
        gather.wait(n);  // after the last too: OpenMP's own barrier would spin
      };
      (one(std::integral_constant<int, K>{}), ...);
    }
    return;
  }
#endif
  (void)threads;
  (run_kernel<P, K>(m, 0, 1, regions), ...);
}

}  // namespace HWY_NAMESPACE
}  // namespace simd

/// Memory for a plan's arena, in whole cache lines. It starts as NaN, so that a value that is read before it is made
/// is seen.
class arena {
 public:
  arena() = default;
  explicit arena(long floats)
      : size_(floats), memory_(static_cast<float*>(::operator new(std::size_t(floats + 16) * sizeof(float), alignment))) {
    forget();
  }
  void forget() { std::fill_n(memory_.get(), size_ + 16, std::numeric_limits<float>::quiet_NaN()); }
  float* data() { return memory_.get(); }
  long size() const { return size_; }

  /// This thread's own, at least so large: for expressions that are evaluated once here and once there.
  static float* of_this_thread(long floats) {
    static thread_local arena a;
    if (a.size() < floats || !a.data()) a = arena(floats);
#ifndef NDEBUG
    else a.forget();
#endif
    return a.data();
  }

 private:
  static constexpr std::align_val_t alignment{64};
  struct release {
    void operator()(float* p) const { ::operator delete(p, alignment); }
  };
  long size_ = 0;
  std::unique_ptr<float[], release> memory_;
};

/// The backend that runs fused kernels on SIMD lanes and, where a program is large enough, on several cores.
struct simd_backend {
  using value_type = float;  ///< of outputs

  template <class Spec> class program {
   public:
    using compiled_type = compiled<Spec>;

    /// One run. leaves: memory of each leaf; outputs: of each output. Allocates nothing, unless thread_count has
    /// grown since the last.
    void run(void const* const* leaves, void* const* outputs) {
      const int threads = simd::threads_of<compiled_type>();
      if (threads > threads_) *this = program(threads);
      run_in(arena_.data(), threads, leaves, outputs);
    }

    program() : program(simd::threads_of<compiled_type>()) {}

   private:
    friend struct simd_backend;
    explicit program(int threads) : threads_(threads), arena_(floats(threads)) {}
    static long floats(int threads) { return compiled_type::plan.arena_floats + threads * compiled_type::plan.own_floats; }
    static void run_in(float* arena, int threads, void const* const* leaves, void* const* outputs) {
      simd::run_kernels<compiled_type>(memory{leaves, arena, arena + compiled_type::plan.arena_floats, outputs}, threads,
                                       std::make_integer_sequence<int, compiled_type::plan.kernels>{});
    }
    int threads_;
    arena arena_;
  };

  /// Runs a program once, in memory that the calling thread keeps.
  template <class Spec> static void run_once(void const* const* leaves, void* const* outputs) {
    using P = program<Spec>;
    const int threads = simd::threads_of<typename P::compiled_type>();
    P::run_in(arena::of_this_thread(P::floats(threads)), threads, leaves, outputs);
  }
};

}  // namespace knit
