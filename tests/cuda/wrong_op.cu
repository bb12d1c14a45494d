// SPDX-License-Identifier: BSL-1.0
// expect: calling a __host__ function from a __host__ __device__ function is not allowed.*eval_that_says_KNIT_FN<.* \[with Op=cubed_op
// page: GPU: An op of one's own that is no function of the GPU
#include <knit/cuda.cuh>
#include <knit/gradients.hpp>

using namespace knit;
#ifdef KNIT_WRONG
#define EVAL
#else
#define EVAL KNIT_FN
#endif
struct cubed_op : elementwise<1> {
  static constexpr char const* name = "cubed";
  static constexpr int flops = 2;
  template <class V> EVAL static V eval(V a) { return a * a * a; }
  static constexpr auto pullback(auto, auto g, auto a) { return grads(3 * g % square(a)); }
};
struct sum_of_cubes {
  constexpr auto operator()(auto x) const { return sum(make<cubed_op>(x)); }
};
struct named : knit::detail::gradients_spec<sum_of_cubes, tensor<float, 40>> {};
template class knit::cuda_backend::program<named>;
