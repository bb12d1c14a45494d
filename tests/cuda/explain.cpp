// SPDX-License-Identifier: BSL-1.0
// explain.cpp -- in: programs. out: how few kernels they are on a GPU, and what is said of each.
#include <knit/backend/cuda/explain.hpp>

#include <gtest/gtest.h>

#include "programs.hpp"

namespace {

using namespace knit;

template <class Spec> constexpr int kernels = compiled<Spec, cuda::for_blocks>::plan.kernels;

TEST(plans_for_a_gpu, have_few_kernels) {
  static_assert(kernels<programs::mnist_sgd> == 3);
  static_assert(kernels<programs::mnist_adam> == 3);
  static_assert(kernels<programs::residual_momentum> <= 3);
}

TEST(plans_for_a_gpu, store_nothing_that_readers_can_work_out) {
  using P = compiled<programs::mnist_sgd, cuda::for_blocks>;
  EXPECT_LT(P::plan.arena_bytes(), 784 * 100 * 4 + 100 * 256 * 4) << "images are kept as numbers";
  for (int v = 0; v < P::nodes; ++v)
    if (P::plan.roles[v] == role::computed && P::plan.regions[P::plan.steps[P::plan.step_of[v]].region].every_thread) {
      EXPECT_LT(P::plan.buffers[v].offset, 0) << v;
    }
}

TEST(explain_kernels, counts_work_and_memory) {
  const auto work = cuda::work_of<programs::mnist_sgd>();
  ASSERT_EQ(work.size(), 3u);
  double flops = 0, read = 0, written = 0;
  for (auto const& w : work) flops += w.flops, read += w.read, written += w.written;
  EXPECT_NEAR(flops, 81.8e6, 1e6);
  // The weights and the images twice, forward and for the gradient, and the weights written once.
  const double weights = 4.0 * (784 * 256 + 256 * 10), pictures = 784 * 100;
  EXPECT_GT(read, 2 * weights + 2 * pictures);
  EXPECT_LT(read, 2 * weights + 2 * pictures + 1e6);
  EXPECT_GT(written, weights);
  EXPECT_LT(written, weights + 1e6);
}

TEST(explain_kernels, tells_products_in_bf16) {
  double flops = 0, in_bf16 = 0;
  for (auto const& w : cuda::work_of<programs::mnist_bf16>()) flops += w.flops, in_bf16 += w.bf16_flops;
  EXPECT_DOUBLE_EQ(in_bf16, 2.0 * 100 * (2 * 784 * 256 + 3 * 256 * 10))
      << "forward and the weights' gradients, and that of the hidden values";
  EXPECT_GT(flops, in_bf16);
}

TEST(explain_kernels, bounds_time_by_what_limits_it) {
  const cuda::gpu g{"small", 1e12, 1e11, 10, 1e13};
  EXPECT_DOUBLE_EQ((cuda::kernel_work{10, 0, 2e6, 0, 0}).at_least(g), 2e-6);
  EXPECT_DOUBLE_EQ((cuda::kernel_work{5, 0, 2e6, 0, 0}).at_least(g), 4e-6) << "five of ten multiprocessors";
  EXPECT_DOUBLE_EQ((cuda::kernel_work{10, 0, 2e6, 4e5, 6e5}).at_least(g), 1e-5) << "memory";
  EXPECT_DOUBLE_EQ((cuda::kernel_work{10, 0, 2e6, 0, 0, 1.9e6}).at_least(g), 1.9e-7) << "tensor cores";
  EXPECT_DOUBLE_EQ((cuda::kernel_work{10, 0, 2e6, 0, 0, 1e6}).at_least(g), 1e-6) << "what is not in bf16";
  const std::string s = cuda::explain_kernels<programs::mnist_sgd>(cuda::a100);
  EXPECT_NE(s.find("kernel 2: "), s.npos);
  EXPECT_NE(s.find(" on A100, by its data sheet; not measured"), s.npos);
}

}  // namespace
