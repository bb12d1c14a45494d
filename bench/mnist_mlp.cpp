// SPDX-License-Identifier: BSL-1.0
// mnist_mlp.cpp -- in: requests of bench/mnist_mlp.py. out: 784-256-10 trained on MNIST, by `sgd` or `adam`.
#include <knit/knit.hpp>
#include <knit_kernels/simd/peak.hpp>

#include <memory>
#include <optional>
#include <stdexcept>

#include "worker.hpp"

using namespace knit;

namespace {

constexpr int batch_size = 100;

auto make_model() { return make_chain(make_dense<784, 256>(relu), make_dense<256, 10>()); }
using network = decltype(make_model());

template <class Layer> void reset(Layer& l, int rows, int columns, std::uint32_t first) {
  l.w.fill([&](long i) { return bench::initial_weight(rows, columns, first, int(i % rows), int(i / rows)); });
  l.b.fill([](long) { return 0.f; });
}

template <class Rule> bench::contest contest_of(Rule const& rule, mnist_data const& data, int threads) {
  using images = view<unorm8, 784, batch_size>;
  using labels = view<std::uint8_t, batch_size>;
  struct state {
    network mlp = make_model();
    std::optional<training_step<simd_backend, network, Rule, images, labels>> step;
  };
  auto w = std::make_shared<state>();
  auto run = [=, &data](int steps) {
    reset(w->mlp.layers[hana::size_c<0>], 256, 784, 0);
    reset(w->mlp.layers[hana::size_c<1>], 10, 256, 1000000);
    w->step.emplace(w->mlp, rule);  // anew: a rule may have a memory
    auto const& t = data.train;
    return bench::time_steps(steps, [&](int s) {
      return (*w->step)(images(reinterpret_cast<unorm8 const*>(t.x.data()) + std::size_t(s) * 784 * batch_size),
                        labels(t.y.data() + std::size_t(s) * batch_size));
    });
  };
  return {100, 600, run, [=] { return simd::fma_peak_of_threads(threads); }};
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = bench::parse(
      argc, argv,
      "usage: bench_mnist_mlp --worker [--threads N] sgd|adam [FOLDER]; bench/run mnist_mlp compares it with its peers");
  thread_count() = o.threads;
  mnist_data data;
  return bench::serve([&]() -> bench::contest {
    if (o.words.empty() || o.words.size() > 2) throw std::invalid_argument("bench_mnist_mlp takes sgd or adam, and a folder");
    data = read_mnist(o.words.size() == 2 ? o.words[1] : KNIT_EXAMPLE_DATA "/mnist");
    if (o.words[0] == "sgd") return contest_of(sgd_rule{.lr = 0.1}, data, o.threads);
    if (o.words[0] == "adam") return contest_of(adam_rule{.lr = 1e-3}, data, o.threads);
    throw std::invalid_argument("no such rule: " + o.words[0]);
  });
}
