// SPDX-License-Identifier: BSL-1.0
// cublaslt.cuh -- in: products of a plan that are left to a routine. out: cuBLASLt's descriptors of them, and its calls on a stream.
// Host code, for any compiler; it needs CUDA's headers, and cublasLt and cudart when it is linked.
#pragma once
#include <cublasLt.h>
#include <knit/backend/cuda/arguments.hpp>
#include <knit/backend/cuda/error.cuh>
#include <knit/backend/cuda/routine.hpp>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace knit::cuda {

inline void check(cublasStatus_t s, std::string const& doing) {
  if (s == CUBLAS_STATUS_SUCCESS) return;
  throw error(cudaErrorUnknown, doing, std::string("cuBLASLt says ") + cublasLtGetStatusName(s),
              s == CUBLAS_STATUS_NOT_INITIALIZED);
}

template <auto Destroy> struct destroy_with {
  template <class T> void operator()(T* p) const { (void)Destroy(p); }
};
template <class Handle, auto Destroy> using cublaslt_object = std::unique_ptr<std::remove_pointer_t<Handle>, destroy_with<Destroy>>;
using cublaslt_handle = cublaslt_object<cublasLtHandle_t, cublasLtDestroy>;

/// Throws cuda::error where there is no GPU.
inline cublaslt_handle make_cublaslt_handle() {
  cublasLtHandle_t h = nullptr;
  check(cublasLtCreate(&h), "making of a handle of cuBLASLt");
  return cublaslt_handle(h);
}

/// One product as cuBLASLt knows it: what is multiplied, in which layouts, what follows. It is made without a GPU; `choose` and
/// `run` need one.
class cublaslt_product {
 public:
  /// Device memory that an algorithm may use besides: what NVIDIA recommends for an H100.
  static constexpr std::size_t workspace_bytes = 32 << 20;

  explicit cublaslt_product(routine_call const& c) {
    matrix_product const& p = c.product;
    cublasLtMatmulDesc_t d = nullptr;
    // In float throughout, as our own kernels do: no TF32.
    check(cublasLtMatmulDescCreate(&d, CUBLAS_COMPUTE_32F, CUDA_R_32F), doing);
    what_.reset(d);
    set(CUBLASLT_MATMUL_DESC_TRANSA, std::int32_t(p.a.transposed ? CUBLAS_OP_T : CUBLAS_OP_N));
    set(CUBLASLT_MATMUL_DESC_TRANSB, std::int32_t(p.b.transposed ? CUBLAS_OP_T : CUBLAS_OP_N));
    // A factor and what it is added to: the numbers for both are in memory of the GPU then.
    set(CUBLASLT_MATMUL_DESC_POINTER_MODE, std::int32_t(c.factor >= 0 ? CUBLASLT_POINTER_MODE_DEVICE : CUBLASLT_POINTER_MODE_HOST));
    const bool bias = c.bias >= 0;
    set(CUBLASLT_MATMUL_DESC_EPILOGUE, std::uint32_t(c.relu ? bias ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_RELU
                                                     : bias ? CUBLASLT_EPILOGUE_BIAS
                                                            : CUBLASLT_EPILOGUE_DEFAULT));
    if (bias && p.batch > 1) set(CUBLASLT_MATMUL_DESC_BIAS_BATCH_STRIDE, std::int64_t(p.rows_next));
    a_ = layout_of(p.a, p.batch);
    b_ = layout_of(p.b, p.batch);
    d_ = layout_of(p.d, p.batch);
  }

  /// Asks cuBLASLt for the algorithm that it thinks best. Throws cuda::error if it has none.
  void choose(cublasLtHandle_t handle) {
    cublasLtMatmulPreference_t made = nullptr;
    check(cublasLtMatmulPreferenceCreate(&made), doing);
    const cublaslt_object<cublasLtMatmulPreference_t, cublasLtMatmulPreferenceDestroy> wish(made);
    auto prefer = [&](cublasLtMatmulPreferenceAttributes_t what, auto value) {
      check(cublasLtMatmulPreferenceSetAttribute(made, what, &value, sizeof value), doing);
    };
    prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, std::uint64_t(workspace_bytes));
    // Parts of a sum are added up in a step of their own, not in the order in which blocks come: the same bits each time.
    prefer(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, std::uint32_t(CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE));
    for (auto alignment : {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
                           CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES})
      prefer(alignment, std::uint32_t(16));  // as our own kernels load
    cublasLtMatmulHeuristicResult_t best{};
    int found = 0;
    const cublasStatus_t s =
        cublasLtMatmulAlgoGetHeuristic(handle, what_.get(), a_.get(), b_.get(), d_.get(), d_.get(), made, 1, &best, &found);
    if (s == CUBLAS_STATUS_NOT_SUPPORTED || (s == CUBLAS_STATUS_SUCCESS && found == 0))
      throw error(cudaErrorUnknown, doing,
                  "cuBLASLt has no algorithm for it; configure with -DKNIT_CUBLASLT=OFF and knit's own kernels do it", false);
    check(s, doing);
    algorithm_ = best.algo;
  }

  /// A factor and a one, which it adds to d by, in memory of the GPU; or none.
  struct addition {
    float const *factor, *one;
  };
  /// Puts d = a * b, and what follows, on a stream.
  void run(cublasLtHandle_t handle, float const* a, float const* b, float const* bias, addition adds, float* d, void* workspace,
           cudaStream_t stream) {
    if (bias) set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias);
    const float one = 1, zero = 0;
    float const *const alpha = adds.factor ? adds.factor : &one, *const beta = adds.factor ? adds.one : &zero;
    check(cublasLtMatmul(handle, what_.get(), alpha, a, a_.get(), b, b_.get(), beta, d, d_.get(), d, d_.get(), &algorithm_,
                         workspace, workspace_bytes, stream),
          doing);
  }

  cublasLtMatmulDesc_t description() const { return what_.get(); }
  cublasLtMatrixLayout_t layout(char matrix) const { return matrix == 'a' ? a_.get() : matrix == 'b' ? b_.get() : d_.get(); }

 private:
  static constexpr char const* doing = "a product by cuBLASLt";
  using layout_object = cublaslt_object<cublasLtMatrixLayout_t, cublasLtMatrixLayoutDestroy>;

  template <class T> void set(cublasLtMatmulDescAttributes_t what, T value) {
    check(cublasLtMatmulDescSetAttribute(what_.get(), what, &value, sizeof value), doing);
  }
  static layout_object layout_of(stored_matrix const& m, int batch) {
    cublasLtMatrixLayout_t l = nullptr;
    check(cublasLtMatrixLayoutCreate(&l, CUDA_R_32F, std::uint64_t(m.rows), std::uint64_t(m.columns), m.leading), doing);
    layout_object made(l);
    const std::int32_t count = batch;
    const std::int64_t next = m.next;
    check(cublasLtMatrixLayoutSetAttribute(l, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count, sizeof count), doing);
    check(cublasLtMatrixLayoutSetAttribute(l, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &next, sizeof next), doing);
    return made;
  }

  cublaslt_object<cublasLtMatmulDesc_t, cublasLtMatmulDescDestroy> what_;
  layout_object a_, b_, d_;
  cublasLtMatmulAlgo_t algorithm_{};
};

/// The products of a program that cuBLASLt does, made once: a handle, descriptors, algorithms.
template <class P, bool Any = (products_of<P>() > 0)> class cublaslt_products {
 public:
  /// Of device memory, which belongs to the program.
  static constexpr std::size_t workspace_bytes = cublaslt_product::workspace_bytes;

  /// Throws cuda::error where there is no GPU.
  explicit cublaslt_products(cudaStream_t stream) : handle_(make_cublaslt_handle()) {
    [&]<int... R>(std::integer_sequence<int, R...>) { (add<R>(), ...); }(regions{});
    static constexpr float one = 1;
    float* there = nullptr;
    check(cudaMalloc(reinterpret_cast<void**>(&there), sizeof one), "allocation of a number of a GPU");
    one_.reset(there);
    check(cudaMemcpyAsync(there, &one, sizeof one, cudaMemcpyHostToDevice, stream), "copy to a GPU");
  }
  /// Puts those of kernel K on a stream. Nothing is allocated, so a stream may be recording.
  template <int K> void run(arguments<P> const& a, void* workspace, cudaStream_t stream) {
    [&]<int... R>(std::integer_sequence<int, R...>) { (run_one<K, R>(a, workspace, stream), ...); }(regions{});
  }

 private:
  using regions = std::make_integer_sequence<int, P::regions>;
  template <int R> void add() {
    if constexpr (is_left_product<P, R>()) {
      products_.emplace_back(call_of<P, R>);
      products_.back().choose(handle_.get());
    }
  }
  template <int R> static constexpr std::size_t number_of() {
    return []<int... Q>(std::integer_sequence<int, Q...>) {
      return (std::size_t(is_left_product<P, Q>()) + ... + 0);
    }(std::make_integer_sequence<int, R>{});
  }
  template <int K, int R> void run_one(arguments<P> const& a, void* workspace, cudaStream_t stream) {
    if constexpr (is_left_product<P, R>() && P::template region_at<R>.level == K) {
      constexpr routine_call c = call_of<P, R>;
      products_[number_of<R>()].run(
          handle_.get(), read_by_routine(a, c.operand[c.product.a_operand]), read_by_routine(a, c.operand[1 - c.product.a_operand]),
          c.bias >= 0 ? read_by_routine(a, c.bias) : nullptr,
          c.factor >= 0 ? cublaslt_product::addition{read_by_routine(a, c.factor), one_.get()} : cublaslt_product::addition{},
          written_by_routine(a, c), workspace, stream);
    }
  }
  cublaslt_handle handle_;
  cublaslt_object<float*, cudaFree> one_;
  std::vector<cublaslt_product> products_;
};
template <class P> class cublaslt_products<P, false> : public no_routines<P> {
 public:
  using no_routines<P>::no_routines;
};

}  // namespace knit::cuda
