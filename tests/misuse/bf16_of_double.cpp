// expect: a program with products in bf16 has an array of double, so it computes in double; make its arrays float, or leave .products. out
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

using mlp = decltype(make_chain(make_dense<5, 3>()));
#ifdef KNIT_WRONG
using images = tensor<double, 5, 2>;
#else
using images = tensor<float, 5, 2>;
#endif
struct trained : training_program<mlp, sgd_rule, images, tensor<std::uint8_t, 2>> {
  static constexpr auto products = precision::bf16;
};
simd_backend::program<trained> program;
