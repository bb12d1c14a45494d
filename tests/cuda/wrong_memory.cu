// SPDX-License-Identifier: BSL-1.0
// expect: an array of the host where one in the memory of a GPU is wanted
// page: GPU: A step on the GPU, called with arrays of the host
#include <knit/cuda.cuh>

using namespace knit;
using mlp = decltype(make_chain(make_dense<4, 3>()));
struct trained : training_program<mlp, sgd_rule, view<float, 4, 5>, view<std::uint8_t, 5>> {};

void step(cuda::training_step<trained>& s, view<float, 4, 5> const& x, view<std::uint8_t, 5> const& y) {
#ifdef KNIT_WRONG
  s(x, y);
#else
  s(cuda::device_view<float, 4, 5>(x.data()), cuda::device_view<std::uint8_t, 5>(y.data()));
#endif
}
