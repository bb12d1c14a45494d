// SPDX-License-Identifier: BSL-1.0
// runtime.hpp -- in: PTX. out: a runtime of CUDA whose GPU is the interpreter, and which fails when it is told to.
#pragma once
#include <cuda_runtime_api.h>

#include <string>

// Linked in place of CUDA's own: programs of .cu files run as they are, launches, streams and graphs among it, where there
// is neither a GPU nor a driver. An address of the GPU is none of the host here, too.
namespace fake_runtime {

/// The kernels of all programs: the PTX of their file.
void load(std::string const& ptx_file);

/// The n-th call from now on that may fail, does; 0: none. Freeing never fails.
void fail_at(long n, cudaError_t with = cudaErrorUnknown);
/// Calls that might have failed, since then.
long calls();
/// Memory, streams and graphs that are still there.
long alive();

}  // namespace fake_runtime
