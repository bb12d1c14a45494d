// SPDX-License-Identifier: BSL-1.0
// gemm_tile.cpp -- in: simd/gemm. out: the large products of the MNIST step, in percent of one core's peak.

#include <knit_kernels/simd/gemm.hpp>
#include <knit_kernels/simd/peak.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace {

using knit::simd::lanes;
namespace simd = knit::simd;

constexpr int count = lanes::count;
constexpr int inputs = 784, outputs = 256, batch = 100;

struct release {
  void operator()(void* p) const { std::free(p); }
};

template <class T> std::unique_ptr<T[], release> aligned(std::size_t n) {
  auto* p = static_cast<T*>(std::aligned_alloc(64, (n * sizeof(T) + 127) / 64 * 64));
  for (std::size_t i = 0; i < n; ++i) p[i] = static_cast<T>(i % 7) / 8;
  benchmark::DoNotOptimize(p);  // what is written there counts as read
  return std::unique_ptr<T[], release>(p);
}

/// The greatest peak measured in this process so far: clock rates move.
double best_peak() {
  static double peak = 0;
  return peak = std::max(peak, simd::fma_peak());
}

/// Counts the best run of the loop, not the mean: the machine is shared.
template <class Run> void measure(benchmark::State& state, double flops, double bytes, Run run) {
  best_peak();
  double best = 1e9;
  for (auto _ : state) {
    auto const from = std::chrono::steady_clock::now();
    run();
    benchmark::ClobberMemory();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count());
  }
  double const peak = best_peak();
  state.counters["best_us"] = best * 1e6;
  if (flops > 0) {
    state.counters["GF/s"] = flops * 1e-9 / best;
    state.counters["peak_GF/s"] = peak;
    state.counters["percent"] = 100 * flops * 1e-9 / best / peak;
  }
  if (bytes > 0) state.counters["GB/s"] = bytes * 1e-9 / best;
}

/// y = W x for panel-major W [outputs/rows][inputs][rows] and instances x of contiguous inputs.
template <int MV, int NR> void forward(benchmark::State& state) {
  constexpr int rows = MV * count, panels = outputs / rows, columns = batch / NR * NR;
  auto const w = aligned<float>(outputs * inputs), x = aligned<float>(batch * inputs), y = aligned<float>(batch * outputs);
  measure(state, 2.0 * panels * rows * inputs * columns, 0, [&] {
    for (int n = 0; n < columns; n += NR)
      for (int p = 0; p < panels; ++p) {
        simd::tile<MV, NR> t;
        clear(t);
        simd::multiply<inputs>(t, w.get() + p * inputs * rows, rows, x.get() + n * inputs, 1, inputs);
        finish(t,
               [&, to = y.get() + n * outputs + p * rows](int v, int j, lanes acc) { store(to + j * outputs + v * count, acc); });
      }
  });
}

/// W -= rate * dy x^T, the gradient never stored. dy is panel-major [outputs/rows][batch][rows].
template <int MV, int NR, int Ahead = 2 * NR> void weight_gradient(benchmark::State& state) {
  constexpr int rows = MV * count, panels = outputs / rows, columns = inputs / NR * NR;
  auto const w = aligned<float>(outputs * inputs), x = aligned<float>(batch * inputs), dy = aligned<float>(batch * outputs);
  measure(state, 2.0 * panels * rows * batch * columns, 0, [&] {
    for (int p = 0; p < panels; ++p)
      for (int n = 0; n < columns; n += NR) {
        simd::tile<MV, NR> t;
        clear(t);
        simd::multiply<batch>(t, dy.get() + p * batch * rows, rows, x.get() + n, inputs, 1, Ahead);
        finish(t, [&, at = w.get() + (p * inputs + n) * rows](int v, int j, lanes acc) {
          float* const to = at + j * rows + v * count;
          store(to, fma(acc, -1e-6f, simd::load(to)));
        });
      }
  });
}

void pack_transposed(benchmark::State& state) {
  auto const a = aligned<float>(32 * inputs), dst = aligned<float>(32 * inputs);
  measure(state, 0, 8.0 * 32 * inputs, [&] { simd::pack_transposed<inputs>(dst.get(), a.get(), inputs, 32); });
}

// Tiles for 32 registers; on fewer (AVX2) the last block is the one to read.
BENCHMARK(forward<2, 10>);
BENCHMARK(forward<2, 14>);
BENCHMARK(forward<3, 9>);
BENCHMARK(forward<4, 6>);
BENCHMARK(weight_gradient<2, 14>);
BENCHMARK(weight_gradient<2, 14, 0>);
BENCHMARK(weight_gradient<2, 10>);
BENCHMARK(weight_gradient<3, 9>);
BENCHMARK(weight_gradient<4, 6>);
BENCHMARK(pack_transposed);
BENCHMARK(forward<2, 5>);
BENCHMARK(forward<2, 6>);
BENCHMARK(weight_gradient<2, 4>);
BENCHMARK(weight_gradient<2, 6>);

}  // namespace

BENCHMARK_MAIN();
