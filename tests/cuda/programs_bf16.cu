// SPDX-License-Identifier: BSL-1.0
// programs_bf16.cu -- in: programs of programs.hpp with products in bf16. out: their kernels.
#include "programs.hpp"

#include <knit/backend/cuda/device.cuh>

template class knit::cuda_backend::program<programs::products_bf16>;
template class knit::cuda_backend::program<programs::slabs_bf16>;
template class knit::cuda_backend::program<programs::small_bf16>;
