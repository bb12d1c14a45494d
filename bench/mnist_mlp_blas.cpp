// SPDX-License-Identifier: BSL-1.0
// mnist_mlp_blas.cpp -- in: requests of bench/mnist_mlp.py. out: 784-256-10 by SGD, by hand on OpenBLAS's sgemm, one thread.
#include <knit/data/instances.hpp>

#include <algorithm>
#include <memory>

#include "blas.hpp"
#include "worker.hpp"

namespace {

constexpr int inputs = 784, hidden = 256, classes = 10, batch = 100;
constexpr float rate = 0.1f;

/// All matrices column by column, a sample a column. Weights are updated by the product that makes their gradient.
struct network {
  bench::blas blas;
  std::vector<float> w1 = std::vector<float>(hidden * inputs), b1 = std::vector<float>(hidden);
  std::vector<float> w2 = std::vector<float>(classes * hidden), b2 = std::vector<float>(classes);
  std::vector<float> h = std::vector<float>(hidden * batch), dh = h, z = std::vector<float>(classes * batch);

  void reset() {
    for (int i = 0; i < inputs; ++i)
      for (int o = 0; o < hidden; ++o) w1[std::size_t(i * hidden + o)] = bench::initial_weight(hidden, inputs, 0, o, i);
    for (int i = 0; i < hidden; ++i)
      for (int o = 0; o < classes; ++o) w2[std::size_t(i * classes + o)] = bench::initial_weight(classes, hidden, 1000000, o, i);
    std::fill(b1.begin(), b1.end(), 0.f);
    std::fill(b2.begin(), b2.end(), 0.f);
  }

  float step(float const* __restrict x, std::uint8_t const* __restrict y) {
    blas.product(false, false, hidden, batch, inputs, 1, w1.data(), hidden, x, inputs, 0, h.data(), hidden);
    for (int s = 0; s < batch; ++s) {
      float* __restrict const column = h.data() + s * hidden;
      float const* __restrict const bias = b1.data();
      for (int i = 0; i < hidden; ++i) column[i] = std::max(0.f, column[i] + bias[i]);
    }
    blas.product(false, false, classes, batch, hidden, 1, w2.data(), classes, h.data(), hidden, 0, z.data(), classes);
    const float loss = scores_to_slopes(y);

    blas.product(true, false, hidden, batch, classes, 1, w2.data(), classes, z.data(), classes, 0, dh.data(), hidden);
    blas.product(false, true, classes, hidden, batch, -rate, z.data(), classes, h.data(), hidden, 1, w2.data(), classes);
    for (int s = 0; s < batch; ++s) {
      float* __restrict const slope = dh.data() + s * hidden;
      float const* __restrict const value = h.data() + s * hidden;
      float* __restrict const bias = b1.data();
      for (int i = 0; i < hidden; ++i) {
        slope[i] = value[i] > 0 ? slope[i] : 0.f;
        bias[i] -= rate * slope[i];
      }
    }
    blas.product(false, true, hidden, inputs, batch, -rate, dh.data(), hidden, x, inputs, 1, w1.data(), hidden);
    return loss;
  }

 private:
  /// Turns the scores in z, still without bias, into the loss's slopes; updates their bias; gives the loss.
  float scores_to_slopes(std::uint8_t const* y) {
    float loss = 0, slope_of_bias[classes] = {};
    for (int s = 0; s < batch; ++s) {
      float* const column = z.data() + s * classes;
      float e[classes], largest = column[0] + b2[0], sum = 0;
      for (int c = 0; c < classes; ++c) largest = std::max(largest, column[c] += b2[std::size_t(c)]);
      for (int c = 0; c < classes; ++c) sum += e[c] = std::exp(column[c] - largest);
      loss += std::log(sum) - (column[y[s]] - largest);
      for (int c = 0; c < classes; ++c) {
        column[c] = (e[c] / sum - (c == y[s] ? 1.f : 0.f)) / batch;
        slope_of_bias[c] += column[c];
      }
    }
    for (int c = 0; c < classes; ++c) b2[std::size_t(c)] -= rate * slope_of_bias[c];
    return loss / batch;
  }
};

}  // namespace

int main(int argc, char** argv) {
  const auto o = bench::parse(argc, argv, "usage: bench_mnist_mlp_blas --worker [FOLDER]; bench/run mnist_mlp compares with it");
  return bench::serve([&]() -> bench::contest {
    auto net = std::make_shared<network>();
    auto data = std::make_shared<knit::mnist_data>(knit::read_mnist(o.words.empty() ? KNIT_EXAMPLE_DATA "/mnist" : o.words[0]));
    auto images = std::make_shared<std::vector<float>>(data->train.x.size());
    std::transform(data->train.x.begin(), data->train.x.end(), images->begin(), [](std::uint8_t b) { return float(b) / 255.f; });
    return {100,
            600,
            [=](int steps) {
              net->reset();
              return bench::time_steps(steps, [&](int s) {
                return net->step(images->data() + std::size_t(s) * inputs * batch, data->train.y.data() + std::size_t(s) * batch);
              });
            },
            {}};
  });
}
