// SPDX-License-Identifier: BSL-1.0
// kernels.cu -- what the tests of the interpreter run: one kernel of each kind.
#include <cuda_bf16.h>
#include <cuda_pipeline.h>

#include <cstdint>

struct scale_add {
  float const *x, *y;
  float* out;
  float scale;
  int n, row;  // y is a row that is broadcast
};

/// Four at a time, the tail one by one.
__global__ void elementwise(const __grid_constant__ scale_add a) {
  int const i = 4 * int(blockIdx.x * blockDim.x + threadIdx.x);
  if (i + 3 < a.n) {
    float4 const x = *reinterpret_cast<float4 const*>(a.x + i), y = *reinterpret_cast<float4 const*>(a.y + i % a.row);
    *reinterpret_cast<float4*>(a.out + i) = {fmaf(a.scale, x.x, y.x), fmaf(a.scale, x.y, y.y), fmaf(a.scale, x.z, y.z),
                                             fmaf(a.scale, x.w, y.w)};
  } else
    for (int k = i; k < a.n; ++k) a.out[k] = fmaf(a.scale, a.x[k], a.y[k % a.row]);
}

/// A block for each row.
template <class T> __global__ void row_sums(T const* x, T* out, int n) {
  __shared__ T parts[32];
  T sum = 0;
  for (int k = int(threadIdx.x); k < n; k += int(blockDim.x)) sum += x[blockIdx.x * unsigned(n) + unsigned(k)];
  for (int o = 16; o; o /= 2) sum += __shfl_xor_sync(~0u, sum, o);
  if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = sum;
  __syncthreads();
  if (threadIdx.x < 32) {
    sum = threadIdx.x < blockDim.x / 32 ? parts[threadIdx.x] : T(0);
    for (int o = 16; o; o /= 2) sum += __shfl_xor_sync(~0u, sum, o);
    if (threadIdx.x == 0) out[blockIdx.x] = sum;
  }
}
template __global__ void row_sums<float>(float const*, float*, int);
template __global__ void row_sums<double>(double const*, double*, int);

/// M x K times K x N plus a row, tiles of 64 x 64 x 16, 4 x 4 for each of 256 threads.
template <int M, int N, int K> __global__ void __launch_bounds__(256)
    gemm(float const* a, float const* b, float const* row, float* c) {
  __shared__ float as[16][68], bs[16][64];
  int const tx = int(threadIdx.x) % 16, ty = int(threadIdx.x) / 16, m0 = int(blockIdx.y) * 64, n0 = int(blockIdx.x) * 64;
  float sum[4][4] = {};
  for (int k0 = 0; k0 < K; k0 += 16) {
    for (int i = int(threadIdx.x); i < 1024; i += 256)
      as[i % 16][i / 16] = m0 + i / 16 < M ? a[(m0 + i / 16) * K + k0 + i % 16] : 0;
    for (int i = int(threadIdx.x); i < 256; i += 256)
      *reinterpret_cast<float4*>(&bs[i / 16][i % 16 * 4]) =
          *reinterpret_cast<float4 const*>(&b[(k0 + i / 16) * N + n0 + i % 16 * 4]);
    __syncthreads();
#pragma unroll
    for (int k = 0; k < 16; ++k)
#pragma unroll
      for (int i = 0; i < 4; ++i)
#pragma unroll
        for (int j = 0; j < 4; ++j) sum[i][j] = fmaf(as[k][ty * 4 + i], bs[k][tx * 4 + j], sum[i][j]);
    __syncthreads();
  }
#pragma unroll
  for (int i = 0; i < 4; ++i)
    if (m0 + ty * 4 + i < M)
#pragma unroll
      for (int j = 0; j < 4; ++j) c[(m0 + ty * 4 + i) * N + n0 + tx * 4 + j] = sum[i][j] + row[n0 + tx * 4 + j];
}
template __global__ void gemm<100, 256, 784>(float const*, float const*, float const*, float*);

/// A warp for 16 x 8 of C; B is stored by columns.
__global__ void gemm_bf16(__nv_bfloat16 const* a, __nv_bfloat16 const* b, float* c, int n, int k) {
  int const lane = int(threadIdx.x), group = lane / 4, in = lane % 4 * 2, m0 = int(blockIdx.y) * 16, n0 = int(blockIdx.x) * 8;
  float d[4] = {};
  auto const word = [](__nv_bfloat16 const* p) { return *reinterpret_cast<std::uint32_t const*>(p); };
  for (int k0 = 0; k0 < k; k0 += 16) {
    __nv_bfloat16 const *p = a + (m0 + group) * k + k0 + in, *q = b + (n0 + group) * k + k0 + in;
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
        "{%0,%1,%2,%3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(word(p)), "r"(word(p + 8 * k)), "r"(word(p + 8)), "r"(word(p + 8 * k + 8)), "r"(word(q)), "r"(word(q + 8)));
  }
  for (int r = 0; r < 4; ++r) c[(m0 + group + r / 2 * 8) * n + n0 + in + r % 2] = d[r];
}

/// Rows of 32 by 32, the next tile on its way while this one is multiplied. Wait: false leaves out what it must not.
template <bool Wait> __global__ void gemm_async(float const* a, float const* b, float* c, int n, int k) {
  extern __shared__ float tiles[];  // two of A and two of B, 32 x 32 each
  int const t = int(threadIdx.x), row = t / 8, column = t % 8 * 4, m0 = int(blockIdx.y) * 32, n0 = int(blockIdx.x) * 32;
  auto const fetch = [&](int k0, int side) {
    __pipeline_memcpy_async(tiles + side * 2048 + row * 32 + column, a + (m0 + row) * k + k0 + column, 16);
    __pipeline_memcpy_async(tiles + side * 2048 + 1024 + row * 32 + column, b + (k0 + row) * n + n0 + column, 16);
    __pipeline_commit();
  };
  float sum[4] = {};
  fetch(0, 0);
  for (int k0 = 0, side = 0; k0 < k; k0 += 32, side ^= 1) {
    if (k0 + 32 < k) fetch(k0 + 32, side ^ 1);
    else __pipeline_commit();
    if (Wait) __pipeline_wait_prior(1);
    __syncthreads();
    for (int i = 0; i < 32; ++i)
      for (int j = 0; j < 4; ++j)
        sum[j] = fmaf(tiles[side * 2048 + row * 32 + i], tiles[side * 2048 + 1024 + i * 32 + column + j], sum[j]);
    __syncthreads();
  }
  for (int j = 0; j < 4; ++j) c[(m0 + row) * n + n0 + column + j] = sum[j];
}
template __global__ void gemm_async<true>(float const*, float const*, float*, int, int);
template __global__ void gemm_async<false>(float const*, float const*, float*, int, int);

/// How often each number occurs; the total comes last, and the last block writes the greatest.
__device__ unsigned finished = 0;
__global__ void histogram(int const* x, int n, int* bins, float* total, int* most) {
  __shared__ int mine[16];
  if (threadIdx.x < 16) mine[threadIdx.x] = 0;
  __syncthreads();
  for (int i = int(blockIdx.x * blockDim.x + threadIdx.x); i < n; i += int(gridDim.x * blockDim.x)) {
    atomicAdd(&mine[x[i]], 1);
    atomicMax(most, x[i]);
  }
  __syncthreads();
  if (threadIdx.x < 16) {
    atomicAdd(&bins[threadIdx.x], mine[threadIdx.x]);
    atomicAdd(total, float(mine[threadIdx.x]));
  }
  __threadfence();
  if (threadIdx.x == 0 && atomicInc(&finished, gridDim.x - 1) == gridDim.x - 1) bins[16] = -1;
}

/// Steps until 1 is reached, by 3 x + 1: each lane has loops of its own.
__global__ void collatz(unsigned const* x, unsigned* steps, int n) {
  int const i = int(blockIdx.x * blockDim.x + threadIdx.x);
  if (i >= n) return;
  unsigned count = 0;
  for (std::uint64_t v = x[i]; v != 1;) {
    for (; v % 2 == 0; v /= 2) ++count;
    if (v != 1) v = 3 * v + 1, ++count;
  }
  steps[i] = count;
}

template <int F> __device__ float function(float x, float y) {
  if constexpr (F == 0) return expf(x);
  if constexpr (F == 1) return logf(x);
  if constexpr (F == 2) return tanhf(x);
  if constexpr (F == 3) return powf(x, y);
  if constexpr (F == 4) return sinf(x);
  if constexpr (F == 5) return cosf(x);
  if constexpr (F == 6) return log1pf(x);
  if constexpr (F == 7) return expm1f(x);
  if constexpr (F == 8) return erff(x);
  if constexpr (F == 9) return x / y;
  if constexpr (F == 10) return sqrtf(x);
  if constexpr (F == 11) return float(exp(double(x)));
  if constexpr (F == 12) return rsqrtf(x);
  if constexpr (F == 13) return fmodf(x, y);
  return atan2f(x, y);
}
template <int F> __global__ void functions(float const* x, float const* y, float* out, int n) {
  int const i = int(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < n) out[i] = function<F>(x[i], y[i]);
}
#define FUNCTION(f) template __global__ void functions<f>(float const*, float const*, float*, int);
FUNCTION(0)
FUNCTION(1)
FUNCTION(2)
FUNCTION(3)
FUNCTION(4)
FUNCTION(5)
FUNCTION(6)
FUNCTION(7)
FUNCTION(8)
FUNCTION(9)
FUNCTION(10)
FUNCTION(11)
FUNCTION(12)
FUNCTION(13)
FUNCTION(14)

/// Out of line, with an array of its own.
__device__ __noinline__ float polynomial(float const* c, int n, float x) {
  float sum = 0;
  for (int k = n; k-- > 0;) sum = fmaf(sum, x, c[k]);
  return sum;
}
__constant__ float coefficients[8] = {1, -2, 3, -4, 5, -6, 7, -8};
__global__ void calls(float const* x, float* out, int n) {
  int const i = int(threadIdx.x);
  float mine[8];
  for (int k = 0; k < 8; ++k) mine[(k * 3 + i) % 8] = coefficients[k];
  switch (i % 6) {
    case 0: out[i] = polynomial(mine, n, x[i]); break;
    case 1: out[i] = polynomial(mine, n - 1, x[i]) + 1; break;
    case 2: out[i] = mine[i % 8]; break;
    case 3: out[i] = polynomial(coefficients, n, x[i]); break;
    case 4: out[i] = -x[i]; break;
    case 5: out[i] = polynomial(mine, 2, x[i]); break;
  }
}

__global__ void bf16_arithmetic(__nv_bfloat162 const* x, __nv_bfloat162* out, int n) {
  int const i = int(threadIdx.x);
  if (i >= n) return;
  const float2 f = __bfloat1622float2(x[i]);
  out[i] = __hadd2(__hmul2(x[i], x[n - 1 - i]), __floats2bfloat162_rn(f.x * f.y, f.x + f.y));
}
