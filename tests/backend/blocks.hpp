// SPDX-License-Identifier: BSL-1.0
// blocks.hpp -- what the tests of the CUDA backend's kernels share: blocks whose threads run apart from each other between
// two barriers, and expressions evaluated on blocks in several orders, against the scalar backend in double.
#pragma once
#include "arrays.hpp"

#include <sys/mman.h>
#include <ucontext.h>
#include <knit/backend/cuda/host.hpp>

#include <string>

namespace blocks {

using namespace knit;

// ---- threads that run apart ----------------------------------------------------------------------------

/// A block as one of its threads sees it: what device_block is to a GPU. A thread runs from barrier to barrier before the
/// next one does, so one that reads what another writes without a barrier between finds it unwritten, or overwritten.
class fiber_block {
 public:
  static constexpr int threads = cuda::block_threads;
  template <class T> struct per_thread {
    T of;
    T& operator[](int) { return of; }
  };
  struct switching {
    ucontext_t all, each[threads];
    bool done[threads];
  };
  fiber_block(int thread, switching& s) : thread_(thread), switch_(s) {}

  template <class F> void each(F const& f) const {
    f(thread_);
    swapcontext(&switch_.each[thread_], &switch_.all);
  }
  template <class F> void each_own(F const& f) const { f(thread_); }

 private:
  int thread_;
  switching& switch_;
};

struct by_fibers {
  template <class Run> static void run(int const* order, Run const& run) {
    constexpr int threads = fiber_block::threads;
    constexpr std::size_t stack = 1 << 18;
    static char* const stacks =
        static_cast<char*>(mmap(nullptr, threads * stack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    static fiber_block::switching s;
    static Run const* running;
    running = &run;
    for (int t = 0; t < threads; ++t) {
      getcontext(&s.each[t]);
      s.each[t].uc_stack.ss_sp = stacks + std::size_t(t) * stack;
      s.each[t].uc_stack.ss_size = stack;
      s.each[t].uc_link = &s.all;
      s.done[t] = false;
      void (*const body)(int) = [](int thread) {
        (*running)(fiber_block(thread, s));
        s.done[thread] = true;
      };
      makecontext(&s.each[t], reinterpret_cast<void (*)()>(body), 1, t);
    }
    for (int left = threads; left > 0;) {
      for (int i = 0; i < threads; ++i) swapcontext(&s.all, &s.each[order[i]]);
      left = 0;
      for (bool d : s.done) left += !d;
      if (left > 0 && left < threads) {
        ADD_FAILURE() << left << " threads wait at a barrier that the others never reach";
        return;
      }
    }
  }
};
using cuda_on_fibers = basic_cuda_on_host<cuda::for_blocks, by_fibers>;

/// Regions wherever there may be one, and many slabs of little work, of which each block does several: what large programs
/// have, at the sizes of tests.
struct for_few_blocks {
  static constexpr tuning tune = [] {
    tuning t = cuda::for_blocks::tune;
    t.most_runs = 3, t.part_terms = 16, t.slab_flops = 64, t.column_tile = 4, t.meeting_flops = 0;
    return t;
  }();
};
using few_blocks_on_fibers = basic_cuda_on_host<for_few_blocks, by_fibers>;

// ---- what all orders agree on --------------------------------------------------------------------------

/// What f(backend) gives on blocks: the same bits in each order, and if threads run apart.
template <class F> auto in_all_orders(std::string const& what, F const& f) {
  cuda_on_host::order() = 0;
  const auto first = f(cuda_on_host{});
  auto same = [&](auto const& got) {
    return got.size() == first.size() && std::memcmp(got.data(), first.data(), first.size() * sizeof(first[0])) == 0;
  };
  for (unsigned seed : {1u, 7u}) {
    cuda_on_host::order() = seed;
    EXPECT_TRUE(same(f(cuda_on_host{}))) << what << ", order " << seed;
  }
  cuda_on_host::order() = 0;
  for (unsigned seed : {0u, 3u}) {
    cuda_on_fibers::order() = seed;
    EXPECT_TRUE(same(f(cuda_on_fibers{}))) << what << ", threads apart, order " << seed;
  }
  cuda_on_fibers::order() = 0;
  return first;
}

/// The elements of expression e, assigned to an array of its type, as Backend computes them.
template <class Backend, class E> auto evaluated(E const& e) {
  using array = decltype(tensor(e));
  using spec = knit::detail::evaluation<E, array>;
  array y;
  y.fill([](long) { return std::numeric_limits<typename array::value_type>::quiet_NaN(); });
  leaf_list<spec> leaves;
  knit::detail::add_bindings(e.bound, leaves);
  leaves.add_result(y);
  typename Backend::template program<spec>().run(leaves.data(), nullptr);
  std::vector<typename array::value_type> elements;
  for (long i = 0; i < y.size(); ++i) elements.push_back(y[i]);
  return elements;
}

/// The expression that f makes: the scalar backend's in double, but for rounding. `terms`: the size of what is added up for
/// an element, without signs.
template <class F> void check(std::string const& what, F const& f, double terms = 1) {
  const auto right = arrays::expected(f());
  auto near = [&](std::string const& name, auto const& got) {
    using number = typename std::remove_cvref_t<decltype(got)>::value_type;
    const double tolerance = std::is_same_v<number, float> ? 3e-7 : 1e-15;
    ASSERT_EQ(got.size(), right.size()) << name;
    for (std::size_t i = 0; i < right.size(); ++i)
      ASSERT_NEAR(double(got[i]), right[i], tolerance * (terms + std::abs(right[i]))) << name << ", element " << i;
  };
  near(what, in_all_orders(what, [&]<class B>(B) { return evaluated<B>(f()); }));
  near(what + ", in few blocks", evaluated<few_blocks_on_fibers>(f()));
}

}  // namespace blocks
