// SPDX-License-Identifier: BSL-1.0
// expect: a program with products in bf16 has an array of double, so it computes in double; make its arrays float
// page: GPU: Products in bf16 of doubles
#include <knit/cuda.cuh>

using namespace knit;
#ifdef KNIT_WRONG
using pixel = double;
#else
using pixel = float;
#endif
using mlp = decltype(make_chain(make_dense<4, 3>()));
struct trained : training_program<mlp, sgd_rule, view<pixel, 4, 5>, view<std::uint8_t, 5>> {
  static constexpr auto products = precision::bf16;
};
template class knit::cuda_backend::program<trained>;
