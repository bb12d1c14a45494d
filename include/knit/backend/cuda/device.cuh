// SPDX-License-Identifier: BSL-1.0
// device.cuh -- in: a program. out: its kernels, compiled by nvcc and launched on a stream; memory of a GPU by type.
#pragma once
#include <knit/backend/cuda/arguments.hpp>
#include <knit/backend/cuda/device_view.hpp>
#include <knit/backend/cuda/error.cuh>
#ifdef KNIT_CUBLASLT
#include <knit/backend/cuda/cublaslt.cuh>
#endif
#ifdef KNIT_CUDNN
#include <knit/backend/cuda/cudnn.cuh>
#endif
#include <knit_kernels/cuda/block.hpp>
#include <string_view>
#include <utility>
#include <vector>

namespace knit {

namespace cuda {

// Who does the products and convolutions that plans leave to a routine: libraries, or, where knit is configured without them,
// kernels like all others.
#ifdef KNIT_CUBLASLT
/// Are large products cuBLASLt's?
inline constexpr bool has_cublaslt = true;
/// Who does large products.
template <class P> using products = cublaslt_products<P>;
#else
inline constexpr bool has_cublaslt = false;
template <class P> using products = no_routines<P>;
#endif
#ifdef KNIT_CUDNN
/// Are large convolutions cuDNN's?
inline constexpr bool has_cudnn = true;
/// Who does large convolutions.
template <class P> using convolutions = cudnn_convolutions<P>;
#else
inline constexpr bool has_cudnn = false;
template <class P> using convolutions = no_routines<P>;
#endif
/// What plans for a GPU are for.
struct for_gpu : for_blocks {
  static constexpr bool has_products = has_cublaslt, has_convolutions = has_cudnn;
};

/// Kernel K of a program. Spec is a short named type, so that is all that the kernel's name carries.
template <class Spec, int K> __global__ void __launch_bounds__(block_threads, 1)
    kernel(const __grid_constant__ arguments<compiled<Spec, for_gpu>> a) {
  using P = compiled<Spec, for_gpu>;
  __shared__ shared_memory<typename P::number, shared_numbers<P, K>> shared;
  run_block<P, K>(device_block<block_threads>(), shared.at, a, int(blockIdx.x));
}

/// Does the name of a type have a closure in it? There is no trait that says so. nvcc spells one `lambda []`, g++ `<lambda()>`.
template <class T> consteval bool has_closure() {
  const std::string_view name = __PRETTY_FUNCTION__;
  return name.find("lambda [") != name.npos || name.find("<lambda") != name.npos;
}
/// Is there a GPU that can be used?
inline bool available() {
  int n = 0;
  const bool any = cudaGetDeviceCount(&n) == cudaSuccess && n > 0;
  (void)cudaGetLastError();
  return any;
}

/// Registers of a thread of each kernel, as compiled for the GPU at hand: for `explain_kernels`. Throws cuda::error where there
/// is none; there `nvcc -Xptxas -v` tells them. 0: a kernel without blocks.
template <class Spec> std::vector<int> registers_of() {
  using P = compiled<Spec, for_gpu>;
  std::vector<int> all;
  auto one = [&](auto k) {
    cudaFuncAttributes of{};
    if constexpr (grid<P, k> > 0) check(cudaFuncGetAttributes(&of, kernel<Spec, k>), "a question about a kernel");
    all.push_back(of.numRegs);
  };
  [&]<int... K>(std::integer_sequence<int, K...>) {
    (one(std::integral_constant<int, K>{}), ...);
  }(std::make_integer_sequence<int, P::kernels>{});
  return all;
}

/// Memory of the GPU for so many T, 256-byte aligned, freed at the end. Throws cuda::error if there is not so much.
template <class T> class memory_of {
 public:
  using value_type = T;

  memory_of() = default;
  explicit memory_of(std::size_t size) : size_(size) {
    if (size > 0)
      check(cudaMalloc(reinterpret_cast<void**>(&data_), size * sizeof(T)),
            "allocation of " + std::to_string(size * sizeof(T)) + " bytes of a GPU");
  }
  memory_of(memory_of&& o) noexcept : data_(std::exchange(o.data_, nullptr)), size_(std::exchange(o.size_, 0)) {}
  memory_of& operator=(memory_of o) noexcept {
    std::swap(data_, o.data_);
    std::swap(size_, o.size_);
    return *this;
  }
  ~memory_of() { (void)cudaFree(data_); }

  T* data() const { return data_; }
  std::size_t size() const { return size_; }
  /// Copies n elements from memory of the host, or to it. Throws std::invalid_argument where n is more than there are.
  void write(T const* from, std::size_t n, cudaStream_t stream) {
    check_size(n);
    check(cudaMemcpyAsync(data_, from, n * sizeof(T), cudaMemcpyHostToDevice, stream), "copy to a GPU");
  }
  void read(T* to, std::size_t n, cudaStream_t stream) const {
    check_size(n);
    check(cudaMemcpyAsync(to, data_, n * sizeof(T), cudaMemcpyDeviceToHost, stream), "copy from a GPU");
  }

 private:
  void check_size(std::size_t n) const {
    if (n > size_)
      throw std::invalid_argument("knit: a copy of " + std::to_string(n) + " elements where memory of a GPU has " +
                                  std::to_string(size_) + "; copy no more than that");
  }
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace cuda

/// The backend that runs fused kernels on a GPU: those that `cuda_on_host` runs as loops. Everything is put on one
/// stream, in order, and nothing waits for it.
struct cuda_backend {
  /// A program of the kernels of Spec.
  template <class Spec> class program {
   public:
    using compiled_type = compiled<Spec, cuda::for_gpu>;
    using value_type = typename compiled_type::number;  ///< of outputs

    /// Throws cuda::error where there is no GPU, or not enough of its memory.
    explicit program(cudaStream_t stream = nullptr)
        : stream_(stream),
          arena_(std::size_t(compiled_type::arena_floats)),
          scratch_(std::size_t(cuda::scratch_numbers<compiled_type>)),
          workspace_(std::max(cuda::products<compiled_type>::workspace_bytes, cuda::convolutions<compiled_type>::workspace_bytes)),
          products_(stream),
          convolutions_(stream) {}

    /// One run. leaves, outputs: addresses in the GPU's memory, but for extents known at run time only, of the host.
    void run(void const* const* leaves, void* const* outputs) {
      const auto a = cuda::arguments_of<compiled_type>(leaves, outputs, arena_.data(), scratch_.data());
      launch(a, std::make_integer_sequence<int, compiled_type::kernels>{});
    }
    cudaStream_t stream() const { return stream_; }

   private:
    template <int... K> void launch(cuda::arguments<compiled_type> const& a, std::integer_sequence<int, K...>) {
      static_assert(sizeof(a) <= 32764, "knit: a kernel has more arguments than CUDA passes");
      // As a literal: nvcc spells a sentence that is part of a type letter by letter.
      static_assert(!cuda::has_closure<Spec>(),
                    "knit: a program for a GPU has a closure in its type, which nvcc refuses in the name of a "
                    "kernel; give the program a name, struct my_program : training_program<...> {};, and use that");
      if constexpr (!cuda::has_closure<Spec>()) (launch_one<K>(a), ...);
    }
    template <int K> void launch_one(cuda::arguments<compiled_type> const& a) {
      if constexpr (cuda::grid<compiled_type, K> > 0) {  // else whoever reads its values works them out, and it has no block
        cuda::kernel<Spec, K><<<cuda::grid<compiled_type, K>, cuda::block_threads, 0, stream_>>>(a);
        cuda::check(cudaGetLastError(), "launch of a kernel");
      }
      products_.template run<K>(a, workspace_.data(), stream_);
      convolutions_.template run<K>(a, workspace_.data(), stream_);
    }
    cudaStream_t stream_;
    cuda::memory_of<value_type> arena_, scratch_;
    cuda::memory_of<unsigned char> workspace_;
    cuda::products<compiled_type> products_;
    cuda::convolutions<compiled_type> convolutions_;
  };
};

}  // namespace knit
