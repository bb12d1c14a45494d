// SPDX-License-Identifier: BSL-1.0
// programs.cu -- in: the programs of programs.hpp. out: their kernels.
#include "programs.hpp"

#include <knit/backend/cuda/device.cuh>

template class knit::cuda_backend::program<programs::small_sgd>;
template class knit::cuda_backend::program<programs::small_adam>;
template class knit::cuda_backend::program<programs::images_sgd>;
template class knit::cuda_backend::program<programs::residual_momentum>;
template class knit::cuda_backend::program<programs::conv_sgd>;
template class knit::cuda_backend::program<programs::chain>;
template class knit::cuda_backend::program<programs::log_sums>;
template class knit::cuda_backend::program<programs::scores>;
template class knit::cuda_backend::program<programs::classes>;
template class knit::cuda_backend::program<programs::products>;
template class knit::cuda_backend::program<programs::slides>;
template class knit::cuda_backend::program<programs::slabs>;
template class knit::cuda_backend::program<programs::rows>;
template class knit::cuda_backend::program<programs::unary_ops>;
template class knit::cuda_backend::program<programs::waves>;
template class knit::cuda_backend::program<programs::binary_ops>;
template class knit::cuda_backend::program<programs::ternary_ops>;
template class knit::cuda_backend::program<programs::reductions>;
template class knit::cuda_backend::program<programs::scans>;
template class knit::cuda_backend::program<programs::recurrences>;
