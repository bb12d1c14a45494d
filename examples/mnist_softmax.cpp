// SPDX-License-Identifier: BSL-1.0
// Softmax regression on MNIST: a linear layer and nothing else. Takes the number of epochs; the exit status is 1 unless
// it then names at least 92 % of the test's digits, and with --test, after one epoch, 90 %.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <knit/knit.hpp>

using namespace knit;

int main(int argc, char** argv) try {
  const bool test = argc > 1 && std::strcmp(argv[1], "--test") == 0;
  const int epochs = test ? 1 : argc > 1 ? std::atoi(argv[1]) : 20;
  auto model = make_chain(make_dense<784, 10>());
  const auto mnist = read_mnist(KNIT_EXAMPLE_DATA "/mnist");
  auto batches = mnist.train | minibatch<100>(shuffle_by{1});
  double right = 0;
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    double sum = 0;
    for (float loss : batches | sgd(model, {.lr = 0.3})) sum += double(loss);
    right = accuracy(model, mnist.test);
    std::printf("epoch %2d  loss %.4f  accuracy %.4f\n", epoch, sum / double(batches.size()), right);
  }
  return !(right >= (test ? 0.9 : 0.92));
} catch (std::exception const& e) {
  std::fprintf(stderr, "mnist_softmax: %s\n", e.what());
  return 1;
}
