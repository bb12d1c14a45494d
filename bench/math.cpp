// SPDX-License-Identifier: BSL-1.0
// math.cpp -- in: nothing, or --rounds N. out: what exp, log, sin, cos, tanh, sigm take on lanes, in Highway and in the C library.
#include <hwy/contrib/math/math-inl.h>
#include <knit_kernels/simd/math.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "worker.hpp"

using knit::simd::lanes;
namespace hn = knit::simd::hn;

namespace {

constexpr lanes::tag tag;
constexpr int elements = 4096;  // two arrays of these stay in L1

struct function {
  char const* name;
  float low, high;  ///< arguments are uniform between these
  double (*time[3])(std::vector<float> const& x, std::vector<float>& y);
  double (*delay[2])(float x);
  std::vector<float> arguments;
  double ns[3] = {1e9, 1e9, 1e9}, delay_ns[2] = {1e9, 1e9};
};

template <class F> double seconds(F f) {
  auto const start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Nanoseconds an element of y = f(x), f being of lanes or of floats.
template <class V, auto F> double throughput(std::vector<float> const& x, std::vector<float>& y) {
  constexpr int passes = 16, width = sizeof(V) / sizeof(float);
  float const* const from = x.data();
  float* const to = y.data();
  return 1e9 / passes / elements * seconds([=] {
           for (int pass = 0; pass < passes; ++pass) {
             for (int i = 0; i < elements; i += width) {
               if constexpr (width == 1) to[i] = F(from[i]);
               else knit::simd::store(to + i, F(knit::simd::load(from + i)));
             }
             asm volatile("" ::: "memory");
           }
         });
}

/// Nanoseconds from an argument to its value: each argument waits for the value before it, through one multiply-add.
template <auto F> double latency(float x) {
  constexpr int calls = 4096;
  float volatile nothing = 0;
  lanes const none = nothing, first = x;
  lanes y = first;
  double const s = seconds([&] {
    for (int i = 0; i < calls; ++i) y = fma(F(y), none, first);
    nothing = knit::simd::reduce_add(y);
  });
  return 1e9 / calls * s;
}

// What is compared: knit's function, Highway's, the C library's.

lanes hn_sigm(lanes x) {
  auto const one = hn::Set(tag, 1.f);
  return lanes(hn::Div(one, hn::Add(one, hn::Exp(tag, hn::Neg(x.v)))));
}

template <auto Knit, auto Highway, auto C> function compare(char const* name, float low, float high) {
  function f{name,
             low,
             high,
             {throughput<lanes, Knit>, throughput<lanes, Highway>, throughput<float, C>},
             {latency<Knit>, latency<Highway>},
             std::vector<float>(elements)};
  for (int i = 0; i < elements; ++i)
    f.arguments[std::size_t(i)] = low + (high - low) * float(bench::hashed(std::uint32_t(i)) + 1) / 2;
  return f;
}

}  // namespace

int main(int argc, char** argv) {
  int rounds = 100;
  for (int i = 1; i < argc; ++i) {
    if (!std::strcmp(argv[i], "--rounds") && i + 1 < argc && std::atoi(argv[i + 1]) > 0) rounds = std::atoi(argv[++i]);
    else {
      std::fprintf(stderr, "usage: bench_math [--rounds N]\n");
      return 2;
    }
  }
  namespace simd = knit::simd;
  function all[] = {
      compare<[](lanes x) { return simd::exp(x); }, [](lanes x) { return lanes(hn::Exp(tag, x.v)); },
              [](float x) { return std::exp(x); }>("exp", -20, 20),
      compare<[](lanes x) { return simd::log(x); }, [](lanes x) { return lanes(hn::Log(tag, x.v)); },
              [](float x) { return std::log(x); }>("log", 0, 20),
      compare<[](lanes x) { return simd::sin(x); }, [](lanes x) { return lanes(hn::Sin(tag, x.v)); },
              [](float x) { return std::sin(x); }>("sin", -20, 20),
      compare<[](lanes x) { return simd::cos(x); }, [](lanes x) { return lanes(hn::Cos(tag, x.v)); },
              [](float x) { return std::cos(x); }>("cos", -20, 20),
      compare<[](lanes x) { return simd::tanh(x); }, [](lanes x) { return lanes(hn::Tanh(tag, x.v)); },
              [](float x) { return std::tanh(x); }>("tanh", -5, 5),
      compare<[](lanes x) { return simd::sigm(x); }, [](lanes x) { return hn_sigm(x); },
              [](float x) { return 1 / (1 + std::exp(-x)); }>("sigm", -10, 10),
  };
  std::vector<float> y(elements);
  for (int r = 0; r < rounds; ++r)
    for (auto& f : all) {
      for (int c = 0; c < 3; ++c) f.ns[c] = std::min(f.ns[c], f.time[c](f.arguments, y));
      for (int c = 0; c < 2; ++c) f.delay_ns[c] = std::min(f.delay_ns[c], f.delay[c](f.low + (f.high - f.low) * 0.6f));
    }
  std::printf("One thread, %d floats a register, %d in an array; the best of %d rounds\n\n", lanes::count, elements, rounds);
  std::printf("%-6s %31s %32s\n", "", "ns an element", "ns until the value is there");
  std::printf("%-6s %9s %10s %10s %15s %16s\n", "", "knit", "Highway", "C library", "knit", "Highway");
  for (auto const& f : all)
    std::printf("%-6s %9.3f %10.3f %10.3f %15.2f %16.2f\n", f.name, f.ns[0], f.ns[1], f.ns[2], f.delay_ns[0], f.delay_ns[1]);
  std::printf("\n");
  for (auto const& f : all) {
    std::printf("math_%s_ns %.4g\n", f.name, f.ns[0]);
    std::printf("math_%s_vs_highway %.4g\n", f.name, f.ns[1] / f.ns[0]);
    std::printf("math_%s_vs_libm %.4g\n", f.name, f.ns[2] / f.ns[0]);
    std::printf("math_%s_latency_vs_highway %.4g\n", f.name, f.delay_ns[1] / f.delay_ns[0]);
  }
}
