// SPDX-License-Identifier: BSL-1.0
// programs.cpp -- in: the programs of programs.hpp. out: their kernels as PTX do what they do as loops on the host.
#include "programs.hpp"

#include "run.hpp"

namespace {

using namespace cuda_run;

#ifdef KNIT_PTX_programs_80
ptx::module const& kernels() {
  static const ptx::module m = ptx::module::from_file(KNIT_PTX_programs_80);
  return m;
}
constexpr double functions = 4e-6;  // exp, log, quotients: a GPU's own differ in the last bits

TEST(programs, of_products_alone) {
  check<programs::products>(kernels(), "products", 0);
}
TEST(programs, elementwise_and_reduced) { check<programs::chain>(kernels(), "chain", functions); }
TEST(programs, log_sums) { check<programs::log_sums>(kernels(), "log_sums", functions); }
TEST(programs, softmax_of_a_product) { check<programs::classes>(kernels(), "classes", functions); }
TEST(programs, small_sgd) { check<programs::small_sgd>(kernels(), "small_sgd", functions); }
TEST(programs, small_adam) { check<programs::small_adam>(kernels(), "small_adam", functions); }
TEST(programs, residual_momentum) { check<programs::residual_momentum>(kernels(), "residual_momentum", functions); }
TEST(programs, every_elementwise_op) {
  check<programs::unary_ops>(kernels(), "unary_ops", functions);
  check<programs::binary_ops>(kernels(), "binary_ops", functions);
  check<programs::ternary_ops>(kernels(), "ternary_ops", 0);
}
TEST(programs, every_reduction) { check<programs::reductions>(kernels(), "reductions", 0); }
#else
TEST(programs, need_nvcc) { GTEST_SKIP() << "there is no nvcc, so no kernels to run"; }
#endif

}  // namespace
