// SPDX-License-Identifier: BSL-1.0
// planted.cu -- kernels that the gate must not let through.
#include <utility>

/// Calls the slow path of a division that is rounded correctly.
__global__ void divides(float* x, float const* y) { x[threadIdx.x] = x[threadIdx.x] / y[threadIdx.x]; }

/// Holds more than a thread has registers for.
__global__ void __launch_bounds__(1024, 2) spills(float* x) {
  float v[64];
#pragma unroll
  for (int i = 0; i < 64; ++i) v[i] = x[i * 1024 + threadIdx.x];
  __syncthreads();
#pragma unroll
  for (int i = 0; i < 64; ++i) x[i * 1024 + threadIdx.x] = v[i] * v[(i * 7 + 3) % 64] + v[(i * 5 + 11) % 64];
}

/// Indexes an array of its own at run time.
__global__ void indexes(float* x, int n) {
  float v[32];
  for (int i = 0; i < 32; ++i) v[(i * n) & 31] = x[i];
  x[threadIdx.x] = v[threadIdx.x & 31];
}

/// Is named by all of a long type.
template <class T> __global__ void tells(float* x) { *x = T::size(); }
template __global__ void tells<std::make_integer_sequence<int, 100>>(float*);

/// Has no barrier, one multiply-add, none by tensor cores, no access of 16 bytes and one of a byte, where its plan promises more, and no such one.
namespace programs {
struct promises_more;
}
namespace knit::cuda {
template <class, int> __global__ void kernel(float* x, unsigned char const* y) {
  __shared__ float all[32];
  all[threadIdx.x] = x[threadIdx.x] + y[threadIdx.x];
  x[threadIdx.x] = fmaf(all[threadIdx.x ^ 1], 3.0f, 1.0f);
}
template __global__ void kernel<programs::promises_more, 0>(float*, unsigned char const*);
}  // namespace knit::cuda
extern "C" __device__ const int promises_promises_more[5] = {2, 3, 4, 0, 5};
