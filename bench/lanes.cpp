// SPDX-License-Identifier: BSL-1.0
// lanes.cpp -- what the planner's choice of lanes is measured by: Adam steps of small networks over 10,000 instances, rows in lanes,
// instances in lanes wherever that can be, and as planned. One thread.
#include <benchmark/benchmark.h>
#include <knit/knit.hpp>

#include <string>
#include <vector>

#include "../tests/planned.hpp"

namespace {

using namespace knit;

/// Turned where that seems to take less than so many percent of the time.
template <int Percent> struct turning {
  static constexpr tuning tune = [] {
    tuning t;
    t.turned_below = Percent / 100.0;
    return t;
  }();
};
using rows = basic_simd_backend<turning<0>>;
using along_instances = basic_simd_backend<turning<1000000>>;

template <class Backend, int In, int First, int Second, int Out> void train(benchmark::State& state) {
  thread_count() = 1;
  constexpr int n = 10000;
  using X = view<float, In, n>;
  using Y = view<float, Out, n>;
  std::vector<float> x(In * n), y(Out * n);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = float(i * 48271 % 1009) / 504 - 1;
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = float(i * 16807 % 1013) / 506 - 1;
  auto net = make_regression(make_chain(make_dense<In, First>(tanh_), make_dense<First, Second>(tanh_), make_dense<Second, Out>()));
  training_step<Backend, decltype(net), adam_rule, X, Y> step{net, {.lr = 1e-3}};
  for (auto _ : state) benchmark::DoNotOptimize(step(X(x.data()), Y(y.data())));
}

template <int... Width> void enlist() {
  std::string name;
  for (int w : {Width...}) {
    if (!name.empty()) name += '-';
    name += std::to_string(w);
  }
  auto add = [&](char const* how, auto run) {
    benchmark::RegisterBenchmark((name + "/" + how).c_str(), run)->Unit(benchmark::kMicrosecond);
  };
  add("rows", train<rows, Width...>);
  add("instances", train<along_instances, Width...>);
  add("planned", train<simd_backend, Width...>);
}
[[maybe_unused]] const bool enlisted =
    (enlist<4, 4, 4, 2>(), enlist<4, 8, 8, 2>(), enlist<4, 12, 8, 4>(), enlist<4, 32, 16, 4>(), enlist<16, 32, 32, 10>(), true);

}  // namespace

BENCHMARK_MAIN();
