// SPDX-License-Identifier: BSL-1.0
// Trains 784-256-10 on MNIST on a GPU, by the same range as on a CPU. Where there is no GPU it says so and takes the CPU.
#include "mnist_cuda.hpp"

#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <knit/knit.hpp>

using namespace knit;

/// One pass over the data; the mean of its losses.
template <class Losses> static double epoch(Losses&& losses) {
  double sum = 0;
  long steps = 0;
  for (float loss : losses) {
    sum += loss;
    ++steps;
  }
  return sum / double(steps);
}

int main(int argc, char** argv) try {
  const int epochs = argc > 1 && std::strcmp(argv[1], "--test") == 0 ? 1 : 10;
  const auto mnist = read_mnist(KNIT_EXAMPLE_DATA "/mnist");
  auto batches = mnist.train | minibatch<100>(shuffle_by{1});
  mlp model = make_mlp(1);
  constexpr double lr = 0.1;

  std::unique_ptr<gpu_trainer> gpu;
  if (gpu_trainer::available()) gpu = std::make_unique<gpu_trainer>(model, lr);
  else std::puts("there is no GPU here; training on the CPU instead");

  double test = 0;
  for (int n = 1; n <= epochs; ++n) {
    const auto start = std::chrono::steady_clock::now();
    const double loss = gpu ? epoch(batches | train(*gpu)) : epoch(batches | sgd(model, {.lr = lr}));
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    if (gpu) gpu->read(model);
    test = accuracy(model, mnist.test);
    std::printf("epoch %2d  loss %.4f  accuracy %.4f  %.2f s\n", n, loss, test, seconds.count());
  }
  std::printf("accuracy %.4f\n", test);
} catch (std::exception const& e) {
  std::fprintf(stderr, "mnist_cuda: %s\n", e.what());
  return 1;
}
