// SPDX-License-Identifier: BSL-1.0
// device.hpp -- KNIT_FN: a function that kernels on a GPU may call, too.
#pragma once

// Where nvcc compiles, a function that is not constexpr must say that devices may run it, and no concept or constant can.
#ifdef __CUDACC__
#define KNIT_FN __host__ __device__
#else
#define KNIT_FN
#endif
