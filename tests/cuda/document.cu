// SPDX-License-Identifier: BSL-1.0
// The pieces of docs/gpu.md.
#include <knit/data/instances.hpp>
#include <knit/nn/chain.hpp>
#include <knit/nn/dense.hpp>

#include <knit/cuda.cuh>

using namespace knit;

using mlp = decltype(make_chain(make_dense<784, 256>(relu), make_dense<256, 10>()));

#include "docs/gpu.md/1"

void step(mlp& model, cuda::device_view<unorm8, 784, 100> x_there, cuda::device_view<std::uint8_t, 100> y_there,
          cudaStream_t stream) {
#include "docs/gpu.md/2"
  static_cast<void>(before);
}
void epochs(mlp& model, mnist_data const& mnist, cudaStream_t stream) {
  cuda::training_step<digits> step(model, {.lr = 0.1}, stream);
#include "docs/gpu.md/3"
}
