// SPDX-License-Identifier: BSL-1.0
// recompute.cpp -- what the planner's table of traffic is measured by: a register loaded and stored, by the size of its array; and
// functions of an array whose first values are read again when a sum of them is there, those stored or made again. One thread.
#include <benchmark/benchmark.h>
#include <knit/knit.hpp>

#include <vector>

#include "../tests/planned.hpp"

namespace {

using namespace knit;

benchmark::Counter time_of_each(double of) {
  return benchmark::Counter(of, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

using simd::lanes;

/// All registers of an array of so many KiB, added up, four at a time.
void load(benchmark::State& state) {
  const long n = state.range(0) * 256;
  arena<float> a(n);
  std::fill_n(a.data(), n, 1.f);
  for (auto _ : state) {
    lanes s[4] = {0.f, 0.f, 0.f, 0.f};
    for (long i = 0; i < n; i += 4 * lanes::count)
      for (int k = 0; k < 4; ++k) s[k] = s[k] + simd::load(a.data() + i + k * lanes::count);
    benchmark::DoNotOptimize(s);
  }
  state.counters["a_register"] = time_of_each(double(n / lanes::count));
}
void store(benchmark::State& state) {
  const long n = state.range(0) * 256;
  arena<float> a(n);
  for (auto _ : state) {
    for (long i = 0; i < n; i += lanes::count) simd::store(a.data() + i, lanes(1.f));
    benchmark::ClobberMemory();
  }
  state.counters["a_register"] = time_of_each(double(n / lanes::count));
}
BENCHMARK(load)->RangeMultiplier(4)->Range(16, 1 << 18);
BENCHMARK(store)->RangeMultiplier(4)->Range(16, 1 << 18);

/// Storing costs so much, whatever the size: all is stored, or nothing that can be made again.
template <int Cost> struct costing {
  static constexpr tuning tune = [] {
    tuning t;
    t.memory[0] = t.memory[1] = {0, Cost, 0};
    return t;
  }();
};
using stored = basic_simd_backend<costing<0>>;
using again = basic_simd_backend<costing<1000000>>;

template <class F, class Backend, int N> void whole(benchmark::State& state) {
  thread_count() = 1;
  using model = planned::of_array<tensor<float, 1>, F>;
  model m{tensor<float, 1>{}, F{}};
  m.w.fill([](long) { return 0.75f; });
  std::vector<float> x(N), y(N);
  for (int i = 0; i < N; ++i) x[std::size_t(i)] = float(i * 48271l % 1000) / 1000;
  inference<Backend, model, view<float, N>> f(m);
  for (auto _ : state) f(view<float, N>(x.data()), y.data());
}
template <class F, int N> void enlist(std::string const& name) {
  auto add = [&](char const* how, auto run) {
    benchmark::RegisterBenchmark((name + "/" + how + "/" + std::to_string(N)).c_str(), run)->Unit(benchmark::kMicrosecond);
  };
  add("stored", whole<F, stored, N>);
  add("again", whole<F, again, N>);
  add("planned", whole<F, simd_backend, N>);
}
[[maybe_unused]] const bool enlisted = [] {
  enlist<planned::standardised, 1 << 14>("standardise"), enlist<planned::standardised, 1 << 20>("standardise"),
      enlist<planned::standardised, 1 << 24>("standardise");
  enlist<planned::softmax_of_all, 1 << 14>("softmax"), enlist<planned::softmax_of_all, 1 << 20>("softmax"),
      enlist<planned::softmax_of_all, 1 << 24>("softmax");
  return true;
}();

}  // namespace

BENCHMARK_MAIN();
