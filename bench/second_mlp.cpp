// SPDX-License-Identifier: BSL-1.0
// second_mlp.cpp -- in: requests of bench/mnist_mlp.py. out: a network of a user's own trained: 500-300-64-64-7, batches
// of 37, softsign, one weight used twice.
#include <knit_kernels/simd/peak.hpp>

#include <algorithm>
#include <memory>
#include <optional>

#include "../tests/program/second_network.hpp"
#include "worker.hpp"

using namespace second_network;

namespace {

constexpr int batches = 8;

/// Plain arrays, as data lie.
struct data_set {
  std::vector<float> x;
  std::vector<std::uint8_t> y;
  data_set() : x(std::size_t(batches) * inputs * batch_size), y(std::size_t(batches) * batch_size) {
    for (int b = 0; b < batches; ++b) {
      const X some = instances_of(b);
      const Y labels = labels_of(b);
      for (long i = 0; i < X::size(); ++i) x[std::size_t(b * X::size() + i)] = some[i];
      for (long i = 0; i < Y::size(); ++i) y[std::size_t(b * Y::size() + i)] = labels[i];
    }
  }
};

using instances_view = view<float, inputs, batch_size>;
using labels_view = view<std::uint8_t, batch_size>;
using training = training_step<simd_backend, network, sgd_rule, instances_view, labels_view>;

}  // namespace

int main(int argc, char** argv) {
  const auto o = bench::parse(argc, argv, "usage: bench_second_mlp --worker [--threads N]; bench/run mnist_mlp runs it");
  thread_count() = o.threads;
  return bench::serve([&]() -> bench::contest {
    auto data = std::make_shared<data_set>();
    auto net = std::make_shared<network>(make_network());
    auto run = [=](int steps) {
      *net = make_network();
      training step(*net, {.lr = rate});
      return bench::time_steps(steps, [&](int s) {
        const int b = s % batches;
        return step(instances_view(data->x.data() + std::size_t(b) * X::size()), labels_view(data->y.data() + b * batch_size));
      });
    };
    return {100, 1000, run, [&] { return simd::fma_peak_of_threads(o.threads); }};
  });
}
