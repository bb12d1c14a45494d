// SPDX-License-Identifier: BSL-1.0
// expect: products in bf16 are for GPUs from sm_80 on, and this is compiled for an earlier one
// page: GPU: Products in bf16 for a GPU that has none
#include <knit/cuda.cuh>

using namespace knit;
using mlp = decltype(make_chain(make_dense<40, 30>()));
struct trained : training_program<mlp, sgd_rule, view<float, 40, 50>, view<std::uint8_t, 50>> {
#ifdef KNIT_WRONG
  static constexpr auto products = precision::bf16;
#endif
};
template class knit::cuda_backend::program<trained>;
