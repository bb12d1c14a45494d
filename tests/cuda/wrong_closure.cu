// SPDX-License-Identifier: BSL-1.0
// expect: has a closure in its type, which nvcc refuses .*; give the program a name
// page: GPU: A kernel of a function that has no name
#include <knit/cuda.cuh>
#include <knit/gradients.hpp>

inline constexpr auto f = [](auto x) { return sum(square(x)); };
using unnamed = knit::detail::gradients_spec<std::remove_const_t<decltype(f)>, knit::tensor<float, 40>>;
struct a_lambda_of_no_compiler : unnamed {};
#ifdef KNIT_WRONG
template class knit::cuda_backend::program<unnamed>;
#else
template class knit::cuda_backend::program<a_lambda_of_no_compiler>;
#endif
