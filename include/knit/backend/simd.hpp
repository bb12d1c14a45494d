// SPDX-License-Identifier: BSL-1.0
// simd.hpp -- in: a program and its memory. out: one run of its plan on the lanes and cores of this CPU.
#pragma once
#include <knit/backend/contract.hpp>
#include <knit/backend/scan.hpp>
#include <knit_kernels/team.hpp>
#include <limits>
#include <memory>
#include <new>

namespace knit {

namespace simd {
inline namespace HWY_NAMESPACE {

template <class P, int S> HWY_INLINE void run_step(typename P::memory const& m) {
  constexpr step_kind what = P::template step_at<S>.kind;
  if constexpr (P::template planned_step<S>.empty) return;
  else if constexpr (what == step_kind::contract) contract_step<P, S>::run(m);
  else if constexpr (what == step_kind::scan) scan_step<P, S>::run(m);
  else if constexpr (what == step_kind::copy) copy_step<P, S>::run(m);
  else map_step<P, S>::run(m);
}

/// Never inlined or cloned: a compiler that fuses a multiplication with an addition in one copy of this, and not in
/// another, would let the last bit depend on whether one thread runs or several.
template <class P, int R, int... S>
#if defined(__GNUC__) && !defined(__clang__)
[[gnu::noclone]]
#endif
[[gnu::noinline]] void
run_slab(typename P::memory const& m, std::integer_sequence<int, S...>) {
  (run_step<P, P::template region_at<R>.first + S>(m), ...);
}

/// Work of the regions of one kernel before region R, and in all.
template <class P> constexpr double work_before(int kernel, int r) {
  double w = 0;
  for (int i = 0; i < r; ++i)
    if (P::plan.regions[i].level == kernel && !P::plan.regions[i].every_thread) w += P::plan.regions[i].flops + 1;
  return w;
}

/// The runs of slabs of region R whose middle falls into this thread's share of the kernel's work.
template <class P, int K, int R> void run_region(typename P::memory m, int thread, int threads) {
  constexpr region r = P::template region_at<R>;
  constexpr auto steps = std::make_integer_sequence<int, r.last - r.first>{};
  if constexpr (r.level == K && r.every_thread) run_slab<P, R>(m, steps);
  else if constexpr (r.level == K) {
    constexpr double all = work_before<P>(K, P::regions), before = work_before<P>(K, R);
    constexpr double each = (r.flops + 1) / r.runs;
    for (m.run = 0; m.run < r.runs; ++m.run) {
      if (int((before + (m.run + 0.5) * each) / all * threads) != thread) continue;
      m.first = true;
      for (int s = r.run_begin(m.run); s < r.run_begin(m.run + 1); ++s, m.first = false) {
        m.lo = r.extent == 1 ? 0 : r.bound(s);
        m.hi = r.extent == 1 ? 0 : r.bound(s + 1);
        if constexpr (r.name != 0) {
          const int end = extent_now<P>(r.name, m.leaves);
          if (m.hi > end) m.hi = end;
          if (m.lo > end) m.lo = end;
          if (m.lo == m.hi && !m.first) break;  // a run of nothing has a part all the same: nothing
        }
        run_slab<P, R>(m, steps);
      }
    }
  }
}
template <class P> constexpr bool combines(int kernel) {
  for (int v = 0; v < P::nodes; ++v)
    if (P::plan.buffers[v].combined_in == kernel) return true;
  return false;
}
/// Adds up the parts of value V, if kernel K is the first to read it again and again.
template <class P, int K, int V> void combine_parts(typename P::memory const& m) {
  using sums = basic_lanes<typename P::number>;
  constexpr buffer b = P::template planned_at<V>.place;
  if constexpr (b.combined_in == K)
    for (long i = 0; i < b.floats; i += sums::count) {
      sums x = load(m.arena + b.offset + i);
      for (int part = 1; part < b.parts; ++part) {
        const sums y = load(m.arena + b.offset + part * b.floats + i);
        using Op = typename P::template op<V>;
        if constexpr (info_of<Op>.what == kind::reduce && info_of<Op>.how == combine::maximum) x = larger(x, y);
        else x = x + y;
      }
      store(m.own + b.combined + i, x);
    }
}
template <class P, int K, int... V> void combine_all(typename P::memory const& m, std::integer_sequence<int, V...>) {
  (combine_parts<P, K, V>(m), ...);
}
template <class P, int K, int... R>
void run_kernel(typename P::memory const& m, int thread, int threads, std::integer_sequence<int, R...>) {
  if constexpr (combines<P>(K)) combine_all<P, K>(m, std::make_integer_sequence<int, P::nodes>{});
  (run_region<P, K, R>(m, thread, threads), ...);
}

/// How many threads a program runs on now.
template <class P> int threads_of() {
  if (!P::plan.parallel) return 1;
  return thread_count() > 0 ? thread_count() : team::cores();
}

template <class P, int... K> void run_kernels(typename P::memory const& m, int threads, std::integer_sequence<int, K...>) {
  constexpr auto regions = std::make_integer_sequence<int, P::regions>{};
  meeting between;
  auto share = [&](int thread) {
    typename P::memory mine = m;
    mine.own += thread * P::own_floats;
    auto one = [&](auto kernel) {
      if constexpr (kernel > 0) between.wait(threads);
      run_kernel<P, kernel>(mine, thread, threads, regions);
    };
    (one(std::integral_constant<int, K>{}), ...);
  };
  if (threads > 1 && team::of_process().run(threads, share)) return;
  (run_kernel<P, K>(m, 0, 1, regions), ...);
}

}  // namespace HWY_NAMESPACE
}  // namespace simd

inline namespace HWY_NAMESPACE {

/// Memory for a plan's arena, numbers of type T in whole cache lines. It starts as NaN, so that a value that is read
/// before it is made is seen.
template <class T> class arena {
 public:
  arena() = default;
  explicit arena(long numbers)
      : size_(numbers), memory_(static_cast<T*>(::operator new(std::size_t(numbers + 16) * sizeof(T), alignment))) {
    forget();
  }
  void forget() { std::fill_n(memory_.get(), memory_ ? size_ + 16 : 0, std::numeric_limits<T>::quiet_NaN()); }
  T* data() { return memory_.get(); }
  long size() const { return memory_ ? size_ : 0; }

  /// This thread's own, at least so large: for expressions that are evaluated once here and once there.
  static T* of_this_thread(long numbers) {
    static thread_local arena a;
    if (a.size() < numbers || !a.data()) a = arena(numbers);
#ifndef NDEBUG
    else a.forget();
#endif
    return a.data();
  }

 private:
  static constexpr std::align_val_t alignment{64};
  struct release {
    void operator()(T* p) const { ::operator delete(p, alignment); }
  };
  long size_ = 0;
  std::unique_ptr<T[], release> memory_;
};

/// Runs fused kernels on SIMD lanes and, where a program is large enough, on several cores. Target: what its plans are for.
template <class Target> struct basic_simd_backend {
  /// A program of the kernels of Spec.
  template <class Spec> class program {
   public:
    using compiled_type = compiled<Spec, Target>;
    using value_type = typename compiled_type::number;  ///< of outputs

    /// One run. leaves: memory of each leaf; outputs: of each output. Allocates nothing and starts no thread, unless
    /// thread_count has grown since the last.
    void run(void const* const* leaves, void* const* outputs) {
      const int threads = simd::threads_of<compiled_type>();
      if (threads > threads_) *this = program(threads);
      run_in(arena_.data(), threads, leaves, outputs);
    }

    program() : program(simd::threads_of<compiled_type>()) {}

   private:
    friend struct basic_simd_backend;
    explicit program(int threads) : threads_(threads), arena_(floats(threads)) {
      if (threads > 1) simd::team::of_process().start(threads);
    }
    static long floats(int threads) { return compiled_type::arena_floats + threads * compiled_type::own_floats; }
    static void run_in(value_type* arena, int threads, void const* const* leaves, void* const* outputs) {
      simd::run_kernels<compiled_type>(memory<value_type>{leaves, arena, arena + compiled_type::arena_floats, outputs}, threads,
                                       std::make_integer_sequence<int, compiled_type::kernels>{});
    }
    int threads_;
    arena<value_type> arena_;
  };

  /// Runs a program once, in memory that the calling thread keeps.
  template <class Spec> static void run_once(void const* const* leaves, void* const* outputs) {
    using P = program<Spec>;
    const int threads = simd::threads_of<typename P::compiled_type>();
    P::run_in(arena<typename P::value_type>::of_this_thread(P::floats(threads)), threads, leaves, outputs);
  }
};
/// With the plans for the registers that the target has.
using simd_backend = basic_simd_backend<for_registers<simd::lanes::count* int(sizeof(float))>>;
}  // namespace HWY_NAMESPACE

}  // namespace knit
