// SPDX-License-Identifier: BSL-1.0
// host.hpp -- the kernels of the CUDA backend as loops on the host: what they compute is checked without a GPU.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <knit/backend/cuda/arguments.hpp>
#include <knit_kernels/cuda/block.hpp>
#include <limits>
#include <memory>
#include <new>
#include <numeric>
#include <vector>

namespace knit {

namespace cuda {

/// Memory of the host as that of a GPU is: aligned to 256 bytes. It ends with its last byte, so that sanitizers see whoever
/// goes beyond.
class aligned_memory {
 public:
  explicit aligned_memory(std::size_t bytes) : size_(bytes), memory_(static_cast<std::byte*>(::operator new(bytes, alignment))) {}
  void* data() const { return memory_.get(); }
  std::size_t size() const { return size_; }
  template <class T> T* fill(T x) {
    std::fill_n(static_cast<T*>(data()), size_ / sizeof(T), x);
    return static_cast<T*>(data());
  }

 private:
  static constexpr std::align_val_t alignment{256};
  struct release {
    void operator()(std::byte* p) const { ::operator delete(p, alignment); }
  };
  std::size_t size_;
  std::unique_ptr<std::byte, release> memory_;
};

/// The threads of a block as loops, one phase after the other.
struct by_phases {
  /// order: the threads in the order in which they run; run: called with a block.
  template <class Run> static void run(int const* order, Run const& run) { run(host_block<block_threads>(order)); }
};

}  // namespace cuda

/// A backend that runs the kernels of the CUDA backend on the host, block by block and thread by thread. It is for tests:
/// slow, with all memory that it has not written yet being NaN, arrays copied to where a GPU would have them and back, and
/// blocks and threads in any order. Target: what plans are for; Threads: how the threads of a block run.
template <class Target, class Threads> struct basic_cuda_on_host {
  /// Orders of blocks and of threads within them; 0: as they are numbered.
  static unsigned& order() {
    static unsigned seed = 0;
    return seed;
  }

  /// A program of the kernels of Spec.
  template <class Spec> class program {
   public:
    using compiled_type = compiled<Spec, Target>;
    using value_type = typename compiled_type::number;  ///< of outputs

    program()
        : arena_(std::size_t(compiled_type::arena_floats) * sizeof(value_type)),
          scratch_(std::size_t(cuda::scratch_numbers<compiled_type>) * sizeof(value_type)) {}

    /// One run. leaves: memory of each leaf; outputs: of each output.
    void run(void const* const* leaves, void* const* outputs) {
      constexpr auto nan = std::numeric_limits<value_type>::quiet_NaN();
      auto a = cuda::arguments_of<compiled_type>(leaves, outputs, arena_.fill(nan), scratch_.fill(nan));
      std::vector<copy> copies;
      auto to_device = [&](void* home, shape const& s, layout lies, element holds, bool written) {
        copies.push_back({home, cuda::aligned_memory(bytes_now(compiled_type::names, s, lies, holds, a.extent)), written});
        std::memcpy(copies.back().memory.data(), home, copies.back().memory.size());
        return copies.back().memory.data();
      };
      auto const& g = compiled_type::graph;
      for (int i = 0; i < compiled_type::first_extent; ++i) {
        if (!leaves[i]) continue;  // nobody reads it
        bool state = false;
        for (int r = 0; r < g.root_count; ++r) state = state || g.roots[r].state == i;
        a.leaves[i] = to_device(const_cast<void*>(leaves[i]), g.leaves[i].extents, g.leaves[i].lies, g.leaves[i].holds, state);
      }
      for (int r = 0, k = 0; r < g.root_count; ++r)
        if (g.roots[r].state < 0) a.outputs[k] = to_device(outputs[k], g.extents[g.roots[r].node], {}, g.number, true), ++k;
      kernels(a, std::make_integer_sequence<int, compiled_type::kernels>{});
      for (copy const& c : copies)
        if (c.written) std::memcpy(c.home, c.memory.data(), c.memory.size());
    }

   private:
    struct copy {
      void* home;
      cuda::aligned_memory memory;
      bool written;
    };
    template <int... K> void kernels(cuda::arguments<compiled_type> const& a, std::integer_sequence<int, K...>) {
      (kernel<K>(a), ...);
    }
    template <int K> void kernel(cuda::arguments<compiled_type> const& a) {
      static_assert(sizeof(a) <= 32764, "knit: a kernel has more arguments than CUDA passes");
      constexpr auto nan = std::numeric_limits<value_type>::quiet_NaN();
      constexpr int shared_numbers = cuda::shared_numbers<compiled_type, K>;
      scratch_.fill(nan);
      std::vector<int> blocks(std::size_t(cuda::grid<compiled_type, K>)), threads(cuda::block_threads);
      std::iota(blocks.begin(), blocks.end(), 0);
      std::iota(threads.begin(), threads.end(), 0);
      unsigned random = order();
      auto shuffle = [&](std::vector<int>& x) {
        for (std::size_t i = x.size(); i > 1 && order() != 0; --i) {
          random = random * 1664525u + 1013904223u;
          std::swap(x[i - 1], x[(random >> 8) % i]);
        }
      };
      shuffle(blocks);
      cuda::aligned_memory shared(std::size_t(shared_numbers) * sizeof(value_type));
      for (int b : blocks) {
        value_type* const at = shared.fill(nan);
        shuffle(threads);
        Threads::run(threads.data(), [&](auto const& block) { cuda::run_block<compiled_type, K>(block, at, a, b); });
      }
    }
    cuda::aligned_memory arena_, scratch_;
  };
};
/// With the plans and blocks that a GPU has.
using cuda_on_host = basic_cuda_on_host<cuda::for_blocks, cuda::by_phases>;

}  // namespace knit
