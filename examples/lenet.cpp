// SPDX-License-Identifier: BSL-1.0
// LeNet, as the talk's library has it: two convolutions with pooling and two dense layers learn MNIST's digits. Takes the number
// of epochs; with --test it takes a few steps, and the exit status is 1 unless the loss falls.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <knit/knit.hpp>

using namespace knit;

int main(int argc, char** argv) {
  const bool test = argc > 1 && std::strcmp(argv[1], "--test") == 0;
  const int epochs = test || argc < 2 ? 1 : std::atoi(argv[1]);
  auto model = make_chain(unmat<28, 28, 1>, make_conv<5, 5, 1, 20>(relu), pool<2>, make_conv<5, 5, 20, 50>(relu), pool<2>, mat,
                          make_dense<800, 500>(relu), make_dense<500, 10>());
  const auto mnist = read_mnist(KNIT_EXAMPLE_DATA "/mnist");
  auto batches = mnist.train | minibatch<100>(shuffle_by{1});
  float first = 0, last = 0;
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    const auto start = std::chrono::steady_clock::now();
    int step = 0;
    float sum = 0;
    for (float loss : batches | adam(model, {.lr = 0.001f}) | take(test ? 40 : 600)) {
      if (step == 0 && epoch == 1) first = loss;
      last = loss;
      sum += loss;
      if (++step % 20 == 0) std::printf("%4d  %.4f\n", step, double(sum / 20)), sum = 0;
    }
    std::printf("epoch %d: %.2f s\n", epoch, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    if (!test) std::printf("accuracy %.4f\n", accuracy(model, mnist.test));
  }
  return test && last > first / 3;
}
