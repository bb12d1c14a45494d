// SPDX-License-Identifier: BSL-1.0
// chain.cpp -- in: requests of bench/chain.py. out: mean(square(sigm(v))) and its gradient for one of three lengths.
#include <knit/knit.hpp>
#include <knit_kernels/simd/bandwidth.hpp>

#include <memory>
#include <stdexcept>

#include "worker.hpp"

using namespace knit;

namespace {

struct function {
  template <class V> constexpr auto operator()(V&& v) const { return mean(square(sigm(std::forward<V>(v)))); }
};

template <int N> bench::contest contest_of(int evaluations, int threads) {
  struct state {
    tensor<float, N> v, gradient;
    float value = 0;
    value_and_gradients<simd_backend, function, tensor<float, N>> program;
  };
  auto s = std::make_shared<state>();
  s->v.fill([](long i) { return float(4 * bench::hashed(std::uint32_t(i))); });
  auto run = [s](int times) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < times; ++i) s->value = s->program(s->v, s->gradient);
    bench::outcome r{std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), {double(s->value)}};
    for (long i = 0; i < 8; ++i) r.numbers.push_back(double(s->gradient[i * (N / 8) + i]) * N);
    return r;
  };
  return {1, evaluations, run, [threads] { return simd::copy_bandwidth(threads); }};
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = bench::parse(argc, argv,
                              "usage: bench_chain --worker [--threads N] LENGTH TIMES; bench/run chain compares it with its peers");
  thread_count() = o.threads;
  return bench::serve([&]() -> bench::contest {
    if (o.words.size() != 2) throw std::invalid_argument("bench_chain takes a length and a number of evaluations");
    const int length = std::stoi(o.words[0]), times = std::stoi(o.words[1]);
    if (length == 4096) return contest_of<4096>(times, o.threads);
    if (length == 65536) return contest_of<65536>(times, o.threads);
    if (length == 16777216) return contest_of<16777216>(times, o.threads);
    throw std::invalid_argument("bench_chain is built for the lengths 4096, 65536 and 16777216");
  });
}
