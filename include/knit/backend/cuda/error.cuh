// SPDX-License-Identifier: BSL-1.0
// error.cuh -- in: what CUDA and its libraries answer. out: exceptions with a sentence. Host code; it needs CUDA's headers.
#pragma once
#include <cuda_runtime_api.h>
#include <stdexcept>
#include <string>

namespace knit::cuda {

/// What CUDA, or a library of it, answers that is no success.
struct error : std::runtime_error {
  cudaError_t code;  ///< cudaErrorUnknown where a library's own answer is in the sentence
  error(cudaError_t e, std::string const& doing)
      : error(e, doing, cudaGetErrorString(e), e == cudaErrorInsufficientDriver || e == cudaErrorNoDevice) {}
  error(cudaError_t e, std::string const& doing, std::string const& answer, bool no_gpu)
      : runtime_error("knit: " + doing + ": " + answer + advice(e, no_gpu)), code(e) {}

 private:
  static char const* advice(cudaError_t e, bool no_gpu) {
    if (no_gpu) return "; there is no GPU to run on, so train on simd_backend";
    if (e == cudaErrorNoKernelImageForDevice || e == cudaErrorInvalidDeviceFunction || e == cudaErrorUnsupportedPtxVersion)
      return "; compile for the GPU at hand, as with CMAKE_CUDA_ARCHITECTURES native";
    return "";
  }
};
/// Throws error, which says what was being done, unless e is success.
inline void check(cudaError_t e, std::string const& doing) {
  if (e == cudaSuccess) return;
  (void)cudaGetLastError();  // or the next call would report it again
  throw error(e, doing);
}

}  // namespace knit::cuda
