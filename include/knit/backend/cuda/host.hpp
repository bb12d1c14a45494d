// SPDX-License-Identifier: BSL-1.0
// host.hpp -- the kernels of the CUDA backend as loops on the host: what they compute is checked without a GPU.
#pragma once
#include <algorithm>
#include <knit/backend/cuda/arguments.hpp>
#include <knit_kernels/cuda/block.hpp>
#include <limits>
#include <memory>
#include <numeric>
#include <vector>

namespace knit {

/// The backend that runs the kernels of the CUDA backend on the host, block by block and thread by thread. It is for
/// tests: slow, with all memory that it has not written yet being NaN, and in any order of blocks and threads.
struct cuda_on_host {
  /// Orders of blocks and of threads within them; 0: as they are numbered.
  static unsigned& order() {
    static unsigned seed = 0;
    return seed;
  }

  template <class Spec> class program {
   public:
    using compiled_type = compiled<Spec, cuda::for_blocks>;
    using value_type = typename compiled_type::number;  ///< of outputs

    program() : arena_(std::size_t(compiled_type::plan.arena_floats) + 16), scratch_(std::size_t(cuda::scratch_numbers<compiled_type>) + 16) {}

    /// One run. leaves: memory of each leaf; outputs: of each output.
    void run(void const* const* leaves, void* const* outputs) {
      fill(arena_);
      value_type* const arena = aligned(arena_);
      const auto a = cuda::arguments_of<compiled_type>(leaves, outputs, arena, aligned(scratch_));
      kernels(a, std::make_integer_sequence<int, compiled_type::plan.kernels>{});
    }

   private:
    static void fill(std::vector<value_type>& x) { std::fill(x.begin(), x.end(), std::numeric_limits<value_type>::quiet_NaN()); }
    static value_type* aligned(std::vector<value_type>& x) {  // as memory of a GPU is
      void* p = x.data();
      std::size_t room = x.size() * sizeof(value_type);
      return static_cast<value_type*>(std::align(64, room - 64, p, room));
    }
    template <int... K> void kernels(cuda::arguments<compiled_type> const& a, std::integer_sequence<int, K...>) { (kernel<K>(a), ...); }
    template <int K> void kernel(cuda::arguments<compiled_type> const& a) {
      static_assert(sizeof(a) <= 32764, "knit: a kernel has more arguments than CUDA passes");
      fill(scratch_);
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
      auto shared = std::make_unique<cuda::shared_memory<value_type, cuda::shared_numbers<compiled_type, K>>>();
      for (int b : blocks) {
        std::fill(std::begin(shared->at), std::end(shared->at), std::numeric_limits<value_type>::quiet_NaN());
        shuffle(threads);
        cuda::run_block<compiled_type, K>(cuda::host_block<cuda::block_threads>(threads.data()), shared->at, a, b);
      }
    }
    std::vector<value_type> arena_, scratch_;
  };
};

}  // namespace knit
