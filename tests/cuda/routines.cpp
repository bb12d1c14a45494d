// SPDX-License-Identifier: BSL-1.0
// routines.cpp -- in: products, large and small. out: which of them are left to a library's routine, and that plans with such
// regions compute what the scalar backend does.
#include <knit/backend/cuda/explain.hpp>
#include <knit/backend/scalar.hpp>

#include "library.hpp"

namespace {

using namespace knit;
using namespace routines;

template <class Spec> constexpr int of_a_plan = routine_regions<Spec, cuda::for_blocks>();

TEST(routines, are_for_large_products_of_float) {
  static_assert(of_a_plan<large> == 1 && of_a_plan<large_weights> == 1 && of_a_plan<large_layer> == 1);
  static_assert(of_a_plan<large_double> == 0, "cuBLASLt's epilogues are of float");
  static_assert(of_a_plan<programs::mnist_sgd> == 0 && of_a_plan<programs::mnist_adam> == 0);
  static_assert(compiled<programs::mnist_sgd, cuda::for_blocks>::plan.kernels == 3);
  // The first layer with its bias and relu, and the gradient of its weights; the second layer is small.
  static_assert(of_a_plan<wide_sgd> == 2);
}

TEST(routines, are_worth_it_from_smaller_products_on_where_a_gpu_is_slower) {
  constexpr auto fast = cuda::worth_of_routines(cuda::h100), slow = cuda::worth_of_routines(cuda::a100);
  static_assert(fast.flops > 3 * slow.flops);
  constexpr double mnist = 2.0 * 784 * 256 * 100, large = 2.0 * 1024 * 1024 * 1024, result = 4.0 * 1024 * 1024;
  for (auto const& least : {fast, slow}) {
    EXPECT_LT(mnist, least.flops);
    EXPECT_GT(large, least.flops + least.byte_flops * result);
  }
  // However large, a product of few terms is bound by its result's way through memory.
  EXPECT_LT(2.0 * 4096 * 4096 * 8, fast.flops + fast.byte_flops * 4.0 * 4096 * 4096);
}

TEST(routines, have_what_they_can_do_besides_in_their_region) {
  using P = compiled<layer, for_small_products>;
  constexpr cuda::routine_call c = cuda::call_of<P, 0>;
  static_assert(c.relu && c.bias >= 0 && c.product.batch == 3 && c.product.rows == 32 && c.product.rows_next == 32);
  static_assert(P::plan.kernels == 1);
  // Where one is wanted that no routine has, or the product itself is, it is the next kernel's.
  using D = compiled<layer_derivatives, for_small_products>;
  static_assert(D::plan.regions[0].routine && D::plan.steps[D::plan.regions[0].first].last == 3);
}

/// w <- w - rate dW is one product where nobody else reads dW, and who reads w has read it; else the next kernel's.
TEST(routines, update_weights) {
  static_assert(compiled<wide_sgd, cuda::for_blocks>::plan.kernels == 4);
  static_assert(updates_left_to_library<wide_sgd> == 1 && left_to_library<wide_sgd> > 2);
  static_assert(updates_left_to_library<small_sgd> >= 1 && updates_left_to_library<small_sgd> < left_to_library<small_sgd>);
  static_assert(updates_left_to_library<layer_derivatives> == 0);
  EXPECT_NE((cuda::explain_kernels<small_sgd, for_library>().find(", with the update: cublasLtMatmul\n")), std::string::npos);
  cuda_run::memory<small_sgd> own(1), library(1);
  typename cuda_on_host::template program<small_sgd>().run(own.leaf_addresses().data(), own.output_addresses().data());
  run_with_library<small_sgd, as_described>(library);
  EXPECT_LE(cuda_run::distance(own, library), 4e-6);
}

TEST(routines, are_not_for_operands_that_one_cannot_read) {
  static_assert(left_to_library<ragged> == 0 && left_to_library<terms_in_panels> == 0);
  // That the derivative of the first is written to panels is known when it has a region of its own: knit's kernel does it there.
  static_assert(routine_regions<two_panelled, for_library>() == 2 && left_to_library<two_panelled> == 1);
}

template <class Spec> void as_scalar() {
  cuda_run::memory<Spec> right(1), got(1), turned(1), before(1);
  typename scalar_backend<float>::template program<Spec>().run(right.leaf_addresses().data(), right.output_addresses().data());
  using backend = basic_cuda_on_host<for_small_products, cuda::by_phases>;
  typename backend::template program<Spec> program;
  program.run(got.leaf_addresses().data(), got.output_addresses().data());
  EXPECT_GT(cuda_run::distance(got, before), 0);
  EXPECT_LE(cuda_run::distance(right, got), 4e-6);
  backend::order() = 5;
  program.run(turned.leaf_addresses().data(), turned.output_addresses().data());
  backend::order() = 0;
  EXPECT_EQ(cuda_run::distance(got, turned), 0);
}
TEST(routines, leave_values_what_they_are) {
  as_scalar<layer>();
  as_scalar<transposed>();
  as_scalar<batch>();
  as_scalar<layer_derivatives>();
  as_scalar<two_panelled>();
}
TEST(routines, leave_a_step_of_training_what_it_is) {
  static_assert(routine_regions<small_sgd, for_small_products>() >= 4);
  as_scalar<small_sgd>();
}

TEST(routines, are_for_convolutions) {
  static_assert(of_a_plan<large_conv> == 1 && of_a_plan<gpu_conv> == 1 && of_a_plan<conv_layer> == 0);
  using P = compiled<conv_layer, for_library>;
  static_assert(P::plan.kernels == 1 && cuda::convolutions_of<P>() == 1);
  constexpr convolution c = cuda::call_of<P, 0>.sliding;
  static_assert(c.computes == convolution_part::result && c.width == 9 && c.height == 8 && c.channels == 4 && c.instances == 5);
  static_assert(c.filter_width == 3 && c.filters == 6 && c.stride == 1 && c.padding == 1 && c.bias && c.relu);
  static_assert(cuda::convolutions_of<compiled<conv_derivatives, for_library>>() == 6);  // two results, two filters, two images
  static_assert(cuda::convolutions_of<compiled<whole_image, for_library>>() == 1);
  static_assert(cuda::convolutions_of<compiled<conv_sgd, for_library>>() == 5);
}
template <class Spec> void as_libraries() {
  cuda_run::memory<Spec> own(1), library(1);
  typename cuda_on_host::template program<Spec>().run(own.leaf_addresses().data(), own.output_addresses().data());
  run_with_library<Spec, as_described>(library);
  EXPECT_LE(cuda_run::distance(own, library), 4e-6);
}
TEST(routines, of_convolutions_are_described_as_they_are) {
  as_libraries<conv_layer>();
  as_libraries<conv_derivatives>();
  as_libraries<whole_image>();
  as_libraries<conv_sgd>();
}
TEST(routines, of_convolutions_leave_values_what_they_are) {
  as_scalar<conv_layer>();
  as_scalar<conv_derivatives>();
  as_scalar<conv_sgd>();
}

TEST(routines, are_explained) {
  using P = compiled<layer, for_small_products>;
  EXPECT_NE(explain(P::graph, P::plan).find("Mflop, which a library's routine may do"), std::string::npos);
  const std::string here = cuda::explain_kernels<wide_sgd>(), there = cuda::explain_kernels<layer, for_library>();
  EXPECT_NE(here.find("\n  32 x 512 x 1024, 64 times, with a bias, with relu: worth a library's routine; a kernel of knit's own "
                      "does it here\n"),
            here.npos)
      << here;
  EXPECT_NE(there.find("kernel 0: 0 blocks"), there.npos) << there;
  EXPECT_NE(there.find("\n  32 x 20 x 64, 3 times, with a bias, with relu: cublasLtMatmul\n"), there.npos) << there;
  EXPECT_EQ(there.find("inf"), there.npos) << there;
  const std::string slides = cuda::explain_kernels<conv_layer, for_library>();
  EXPECT_NE(slides.find("\n  result of a convolution, 6 filters of 3 x 3 x 4 on 5 images of 9 x 8, with a bias, with relu: "
                        "cudnnBackendExecute\n"),
            slides.npos)
      << slides;
}

}  // namespace
