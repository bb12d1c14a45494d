// SPDX-License-Identifier: BSL-1.0
// slow_gpu.cpp -- in: a GPU, if there is one. out: kernels do on it what they do as loops, and how long a step takes.
#include <cstdio>

#include "gpu.hpp"
#include "programs.hpp"
#include "routines.hpp"
#include "run.hpp"

namespace {

using namespace cuda_run;

struct on_a_gpu : testing::Test {
  void SetUp() override {
    if (!gpu_available()) GTEST_SKIP() << "there is no GPU here";
  }
  template <class Spec> static void check(double tolerance) {
    memory<Spec> loops(1), there(1), before(1);
    typename knit::cuda_on_host::template program<Spec> program;
    program.run(loops.leaf_addresses().data(), loops.output_addresses().data());
    std::vector<void*> leaves;
    for (auto& l : there.leaves) leaves.push_back(l.data());
    run_on_gpu<Spec>(leaves, there.output_addresses());
    EXPECT_GT(distance(loops, before), 0);
    EXPECT_LE(distance(loops, there), tolerance);
  }
};
TEST_F(on_a_gpu, products_alone) { check<programs::products>(0); }
TEST_F(on_a_gpu, elementwise_and_reduced) { check<programs::chain>(4e-6); }
TEST_F(on_a_gpu, softmax_of_a_product) { check<programs::classes>(4e-6); }
TEST_F(on_a_gpu, small_adam) { check<programs::small_adam>(4e-6); }
TEST_F(on_a_gpu, mnist_sgd) { check<programs::mnist_sgd>(4e-6); }
TEST_F(on_a_gpu, mnist_adam) { check<programs::mnist_adam>(4e-6); }
TEST_F(on_a_gpu, a_product_that_a_library_may_do) { check<routines::large_layer>(4e-6); }
// Tensor cores add up in an order of their own, and what that changes in the last bits may change how an operand is rounded:
// by 2^-8 of one term among a hundred or more.
TEST_F(on_a_gpu, mnist_in_bf16) { check<programs::mnist_bf16>(1e-4); }
TEST_F(on_a_gpu, a_convolution_that_a_library_may_do) { check<routines::gpu_conv>(1e-5); }
TEST_F(on_a_gpu, time_of_a_step) {
  std::printf("mnist_cuda_sgd_us %.3f\n", microseconds_of_sgd(600, 20));
  std::printf("mnist_cuda_sgd_bf16_us %.3f\n", microseconds_of_sgd_in_bf16(600, 20));
  std::printf("mnist_cuda_adam_us %.3f\n", microseconds_of_adam(600, 20));
}

}  // namespace
