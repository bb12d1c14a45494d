// SPDX-License-Identifier: BSL-1.0
// device.cu -- in: a machine, with a GPU or without. out: what a program for a GPU does there.
#include <knit/cuda.cuh>

#include "device.hpp"

using namespace knit;
using mlp = decltype(make_chain(make_dense<4, 3>()));
struct small_step : training_program<mlp, sgd_rule, view<float, 4, 5>, view<std::uint8_t, 5>> {};

bool gpu_available() { return cuda::available(); }

std::string said_by_a_step() try {
  mlp m = make_chain(make_dense<4, 3>());
  cuda::training_step<small_step> step(m, {});
  cuda::memory_of<float> x(20);
  cuda::memory_of<std::uint8_t> y(5);
  const float pixels[20] = {1, 2, 3};
  const std::uint8_t classes[5] = {0, 1, 2, 1, 0};
  x.write(pixels, 20, step.stream());
  y.write(classes, 5, step.stream());
  step(cuda::device_view<float, 4, 5>(x.data()), cuda::device_view<std::uint8_t, 5>(y.data()));
  return "loss " + std::to_string(step.loss());
} catch (cuda::error const& e) {
  return e.what();
}

std::string said_of_too_much_memory() try {
  cuda::memory_of<double> all(std::size_t(1) << 50);
  return "";
} catch (cuda::error const& e) {
  return e.what();
}
