// SPDX-License-Identifier: BSL-1.0
// block.hpp -- a block of threads that goes through phases: threads of a GPU between barriers, or loops on a host.
#pragma once
#include <knit/core/device.hpp>

// A kernel is written once, for a block c of Threads threads, as phases: `c.each(f)` is f(t) on every thread t, and then a
// barrier; what a thread keeps from one phase to the next is in a `per_thread<T>`. On a host a phase is a loop over t, so
// the order in which threads run is the loop's, which a test may turn around: a result that changes is a race.

namespace knit::cuda {

template <int Threads> class host_block {
 public:
  template <class T> struct per_thread {
    T of[Threads];
    KNIT_FN T& operator[](int t) { return of[t]; }
  };

  /// order: the threads in the order in which they run; none: as they are numbered.
  KNIT_FN explicit host_block(int const* order = nullptr) : order_(order) {}

  template <class F> KNIT_FN void each(F const& f) const {
    for (int t = 0; t < Threads; ++t) f(order_ ? order_[t] : t);
  }
  /// The same, where no thread reads what another writes in it before the next barrier.
  template <class F> KNIT_FN void each_own(F const& f) const { each(f); }

 private:
  int const* order_;
};

#ifdef __CUDACC__
template <int Threads> class device_block {
 public:
  template <class T> struct per_thread {
    T of;
    __device__ T& operator[](int) { return of; }
  };
  template <class F> __device__ void each(F const& f) const {
    f(int(threadIdx.x));
    __syncthreads();
  }
  template <class F> __device__ void each_own(F const& f) const { f(int(threadIdx.x)); }
};
#endif

}  // namespace knit::cuda
