// SPDX-License-Identifier: BSL-1.0
// The training step of 784-256-10 as a worker for bench/mnist_mlp.py: reads `curve`, `epoch`, `peak` from
// standard input, a line each, and answers with a line. --worker --threads N.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <knit/knit.hpp>
#include <knit_kernels/simd/peak.hpp>
#include <string>
#include <vector>

using namespace knit;

namespace {

constexpr int batch_size = 100;

/// The initial weights that every contestant makes: an integer hash, so that no generator has to agree.
double hashed(std::uint32_t k) {
  k *= 2654435761u;
  k ^= k >> 15;
  k *= 2246822519u;
  k ^= k >> 13;
  k *= 3266489917u;
  k ^= k >> 16;
  return double(k) / 4294967296.0 * 2 - 1;
}

auto make_model() { return make_chain(make_dense<784, 256>(relu), make_dense<256, 10>()); }

template <class Layer> void reset(Layer& l, int rows, int columns, std::uint32_t first) {
  const double a = std::sqrt(6.0 / (rows + columns));
  l.w.fill([&](long i) { return float(hashed(first + std::uint32_t(i % rows * columns + i / rows)) * a); });
  l.b.fill([](long) { return 0.f; });
}

struct worker {
  mnist_data const& data;
  decltype(make_model()) mlp = make_model();
  training_step<simd_backend, decltype(mlp), sgd_rule, view<unorm8, 784, batch_size>, view<std::uint8_t, batch_size>> step{mlp, {.lr = 0.1f}};

  explicit worker(mnist_data const& d) : data(d) {}
  void reset_weights() {
    reset(mlp.layers[hana::size_c<0>], 256, 784, 0);
    reset(mlp.layers[hana::size_c<1>], 10, 256, 1000000);
  }
  float run(int s) {
    auto const& t = data.train;
    return step(view<unorm8, 784, batch_size>(reinterpret_cast<unorm8 const*>(t.x.data()) + std::size_t(s) * 784 * batch_size),
                view<std::uint8_t, batch_size>(t.y.data() + std::size_t(s) * batch_size));
  }
};

double peak(int threads) {
  double sum = 0;
#pragma omp parallel num_threads(threads) reduction(+ : sum)
  sum += simd::fma_peak();
  return sum;
}

}  // namespace

int main(int argc, char** argv) try {
  int threads = 1;
  std::string folder = KNIT_EXAMPLE_DATA "/mnist";
  for (int i = 1; i < argc; ++i) {
    const std::string a = argv[i];
    if (a == "--threads" && i + 1 < argc) threads = std::atoi(argv[++i]);
    else if (a == "--data" && i + 1 < argc) folder = argv[++i];
    else if (a != "--worker") {
      std::fprintf(stderr, "usage: bench_mnist_mlp --worker [--threads N] [--data FOLDER]; bench/run mnist_mlp compares it with its peers\n");
      return 2;
    }
  }
  thread_count() = threads;
  const auto mnist = read_mnist(folder);
  worker w(mnist);
  for (std::string line; std::getline(std::cin, line);) {
    if (line == "curve") {
      w.reset_weights();
      for (int s = 0; s < 100; ++s) std::printf("%.9g ", double(w.run(s)));
      std::printf("\n");
    } else if (line == "epoch") {
      w.reset_weights();
      double sum = 0;
      const auto start = std::chrono::steady_clock::now();
      for (int s = 0; s < 600; ++s) sum += w.run(s);
      const std::chrono::duration<double> t = std::chrono::steady_clock::now() - start;
      std::printf("%.9g %.9g\n", t.count(), sum);
    } else if (line == "peak") std::printf("%.6g\n", peak(threads));
    else std::printf("error unknown request '%s'\n", line.c_str());
    std::fflush(stdout);
  }
} catch (std::exception const& e) {
  std::printf("error %s\n", e.what());
  return 1;
}
