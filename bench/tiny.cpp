// SPDX-License-Identifier: BSL-1.0
// tiny.cpp -- in: requests of bench/tiny.py. out: the network 4-32-16-4 trained, `b1` one sample a step, `10k` all.
#include <knit/knit.hpp>

#include "../tests/planned.hpp"
#include "tiny.hpp"

using namespace knit;
using namespace bench::tiny;

namespace {

auto make_network() {
  return make_regression(
      make_chain(make_dense<inputs, first>(tanh_), make_dense<first, second>(tanh_), make_dense<second, outputs>()));
}
using network = decltype(make_network());

template <int Layer> void reset(network& n) {
  auto& l = hana::at_c<Layer>(n.net.layers);
  constexpr shape s = std::remove_reference_t<decltype(l.w)>::shape;
  l.w.fill([&](long i) {
    return bench::initial_weight(s.extent[0], s.extent[1], counter[Layer], int(i % s.extent[0]), int(i / s.extent[0]));
  });
  l.b.fill([](long) { return 0.f; });
}
void reset(network& n) { reset<0>(n), reset<1>(n), reset<2>(n); }

data_set const& data() {
  static const data_set d;
  return d;
}

bench::outcome sgd_of_one(int steps) {
  using sample = view<float, inputs>;
  using target = view<float, outputs>;
  static network net = make_network();
  static training_step<simd_backend, network, sgd_rule, sample, target> step{net, {.lr = 0.1f}};
  reset(net);
  float const *x = data().x.data(), *y = data().y.data();
  return bench::time_steps(steps, [&](int s) { return step(sample(x + s * inputs), target(y + s * outputs)); });
}

bench::outcome adam_of_all(int steps) {
  using all = view<float, inputs, samples>;
  using targets = view<float, outputs, samples>;
  static network net = make_network();
  reset(net);
  training_step<simd_backend, network, adam_rule, all, targets> step{net, {.lr = 1e-3}};  // anew: its rule has a memory
  const all x(data().x.data());
  const targets y(data().y.data());
  return bench::time_steps(steps, [&](int) { return step(x, y); });
}

}  // namespace

int main(int argc, char** argv) {
  const auto o =
      bench::parse(argc, argv, "usage: bench_tiny --worker [--threads N] b1|10k; bench/run tiny compares it with its peers");
  thread_count() = o.threads;
  return bench::serve([&]() -> bench::contest {
    if (o.words == std::vector<std::string>{"b1"}) return {100, samples, sgd_of_one, {}};
    if (o.words == std::vector<std::string>{"10k"}) return {100, 100, adam_of_all, {}};
    throw std::runtime_error("bench_tiny takes b1 or 10k");
  });
}
