// SPDX-License-Identifier: BSL-1.0
// blas.hpp -- in: OpenBLAS, if this machine has it. out: its product of matrices, one thread, kernels for this processor.
#pragma once
#include <dlfcn.h>

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace bench {

/// Loaded when asked for, so that programs are built without it, and so that its kind of processor can be named
/// before, whatever the environment says: it knows processors by their number, and takes one that is younger than
/// itself for an old one.
class blas {
 public:
  blas() {
#ifdef __AVX512F__
    setenv("OPENBLAS_CORETYPE", "SkylakeX", 1);
#else
    unsetenv("OPENBLAS_CORETYPE");
#endif
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    void* library = nullptr;
    for (char const* name : {"libopenblas.so.0", "libopenblas.so"})
      if (!library) library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!library) throw std::runtime_error("no OpenBLAS on this machine");
    sgemm_ = reinterpret_cast<sgemm*>(dlsym(library, "cblas_sgemm"));
    const auto core_name = reinterpret_cast<char* (*)()>(dlsym(library, "openblas_get_corename"));
    if (!sgemm_ || !core_name) throw std::runtime_error("OpenBLAS lacks cblas_sgemm or openblas_get_corename");
    core_ = core_name();
  }
  /// Whose kernels it runs.
  std::string const& core() const { return core_; }

  /// c = alpha op(a) op(b) + beta c; all column by column, op(a) is m x k, op(b) is k x n.
  void product(bool transpose_a, bool transpose_b, int m, int n, int k, float alpha, float const* a, int lda, float const* b,
               int ldb, float beta, float* c, int ldc) const {
    constexpr int columns = 102, plain = 111, transposed = 112;
    sgemm_(columns, transpose_a ? transposed : plain, transpose_b ? transposed : plain, m, n, k, alpha, a, lda, b, ldb, beta, c,
           ldc);
  }

 private:
  using sgemm = void(int, int, int, int, int, int, float, float const*, int, float const*, int, float, float*, int);
  sgemm* sgemm_;
  std::string core_;
};

}  // namespace bench
