// SPDX-License-Identifier: BSL-1.0
// cuda_training.cpp -- in: MNIST. out: on the CUDA backend's blocks PyTorch's losses by SGD, also with a partial batch, and by
// Adam those of the simd backend.

#include <knit/backend/cuda/host.hpp>
#include <knit/knit.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <string>
#include <vector>

namespace {

using namespace knit;

mnist_data const& mnist() {
  static const mnist_data d = read_mnist(std::string(KNIT_EXAMPLE_DATA) + "/mnist");
  return d;
}

// ---- PyTorch's curve: see tests/data/mnist_curve.py --------------------------------------------------------

std::uint32_t hash(std::uint32_t k) {
  k *= 2654435761u, k ^= k >> 15;
  k *= 2246822519u, k ^= k >> 13;
  k *= 3266489917u;
  return k ^ k >> 16;
}
template <int Out, int In> tensor<float, Out, In> weight(std::uint32_t first) {
  tensor<float, Out, In> w;
  for (int o = 0; o < Out; ++o)
    for (int i = 0; i < In; ++i)
      w(o, i) = float((double(hash(std::uint32_t(o * In + i) + first)) / 4294967296.0 * 2 - 1) * std::sqrt(6.0 / (In + Out)));
  return w;
}
auto curve_model() {
  return make_chain(dense(weight<256, 784>(0), tensor<float, 256>(), relu),
                    dense(weight<10, 256>(1000000), tensor<float, 10>(), identity));
}
std::vector<double> curve(char const* name) {
  std::ifstream file(std::string(KNIT_TEST_DATA) + "/" + name);
  std::vector<double> losses;
  for (std::string line; std::getline(file, line);)
    if (!line.empty() && line[0] != '#') losses.push_back(std::stod(line));
  return losses;
}

template <class Losses> void follows(Losses losses, std::vector<double> const& expected) {
  std::size_t s = 0;
  for (float loss : losses) {
    ASSERT_LT(s, expected.size());
    ASSERT_NEAR(loss, expected[s], 1e-4 * expected[s]) << "step " << s;
    ++s;
  }
  EXPECT_EQ(s, expected.size());
}

TEST(curve_on_blocks, is_pytorchs) {
  auto model = curve_model();
  follows(mnist().train | minibatch<100>(in_order{}) | sgd<cuda_on_host>(model, {.lr = 0.1f}) | take(100), curve("mnist_curve.txt"));
}
TEST(curve_on_blocks, of_partial_batches_is_pytorchs) {  // of 64 of 1000 images: the last of each pass has 40
  auto model = curve_model();
  instances<784> little;
  little.size = 1000;
  little.x.assign(mnist().train.x.begin(), mnist().train.x.begin() + 784000);
  little.y.assign(mnist().train.y.begin(), mnist().train.y.begin() + 1000);
  follows(little | minibatch<dyn<"batch", 64>>(in_order{}) | cycle | sgd<cuda_on_host>(model, {.lr = 0.1f}) | take(48), curve("mnist_partial.txt"));
}
TEST(curve_on_blocks, of_adam_is_that_of_lanes) {
  auto on_lanes = curve_model(), on_blocks = curve_model();
  std::vector<double> expected;
  for (float loss : mnist().train | minibatch<100>(in_order{}) | adam(on_lanes, {.lr = 0.001f}) | take(100)) expected.push_back(double(loss));
  EXPECT_LT(expected.back(), expected[0] / 3);
  follows(mnist().train | minibatch<100>(in_order{}) | adam<cuda_on_host>(on_blocks, {.lr = 0.001f}) | take(100), expected);
}

}  // namespace
