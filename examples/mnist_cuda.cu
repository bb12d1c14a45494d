// SPDX-License-Identifier: BSL-1.0
// The step of training on MNIST as kernels of a GPU.
#include "mnist_cuda.hpp"

#include <knit/cuda.cuh>

using namespace knit;

/// Names what is trained: that is all that the names of its kernels carry.
struct digits : training_program<mlp, sgd_rule, images, labels> {};

static_assert(plan_of<cuda::training_step<digits>>::kernels <= 3, "the step is at most three fused kernels");

struct gpu_trainer::parts {
  cuda::training_step<digits> step;
  cuda::memory_of<unorm8> x{784 * 100};
  cuda::memory_of<std::uint8_t> y{100};
};

bool gpu_trainer::available() { return cuda::available(); }
gpu_trainer::gpu_trainer(mlp const& start, double lr) : parts_(new parts{cuda::training_step<digits>(start, {.lr = lr})}) {}
gpu_trainer::~gpu_trainer() = default;

float gpu_trainer::operator()(images const& x, labels const& y) {
  auto& [step, x_there, y_there] = *parts_;
  x_there.write(x.data(), x_there.size(), step.stream());
  y_there.write(y.data(), y_there.size(), step.stream());
  step(cuda::device_view<unorm8, 784, 100>(x_there.data()), cuda::device_view<std::uint8_t, 100>(y_there.data()));
  return step.loss();
}
void gpu_trainer::read(mlp& to) const { parts_->step.read(to); }
