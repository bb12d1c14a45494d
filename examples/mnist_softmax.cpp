// SPDX-License-Identifier: BSL-1.0
// Softmax regression on MNIST: a linear layer and nothing else. Takes the number of epochs; the exit status is 1 unless
// it then names at least 92 % of the test's digits, and with --test, after one epoch, 90 %.
#include <charconv>
#include <cstdio>
#include <knit/knit.hpp>
#include <string_view>

using namespace knit;

int main(int argc, char** argv) try {
  const std::string_view argument = argc > 1 ? argv[1] : "20";
  const bool test = argument == "--test";
  int epochs = 1;
  const auto end = argument.data() + argument.size();
  if (const auto [stop, fault] = std::from_chars(argument.data(), end, epochs);
      argc > 2 || (!test && (fault != std::errc() || stop != end || epochs < 1)))
    return std::fputs("mnist_softmax takes --test or a number of epochs from 1 on, and nothing else\n", stderr), 2;
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
