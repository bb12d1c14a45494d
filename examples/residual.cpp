// SPDX-License-Identifier: BSL-1.0
// A residual block as a user writes one: a struct of its parts. Ten of them learn to tell two spirals apart; the
// exit status is 1 unless the loss falls to a tenth.
#include <cmath>
#include <cstdio>
#include <cstring>
#include <knit/knit.hpp>
#include <vector>

using namespace knit;

template <class First, class Second> struct residual {
  BOOST_HANA_DEFINE_STRUCT(residual, (First, first), (Second, second));
  constexpr auto operator()(auto const& x) const { return x + second(first(x)); }
};
template <class First, class Second> residual(First, Second) -> residual<First, Second>;

static auto block(std::uint64_t n) {
  return residual{make_dense<16, 16>(relu, xavier_uniform{1}, 2 * n),
                  make_dense<16, 16>(identity, xavier_uniform{1, 0.3f}, 2 * n + 1)};
}
static auto network() {
  return make_chain(make_dense<2, 16>(relu, xavier_uniform{1}, 100), block(0), block(1), block(2), block(3), block(4), block(5),
                    block(6), block(7), block(8), block(9), make_dense<16, 2>(identity, xavier_uniform{1}, 101));
}

struct spirals {
  tensor<float, 2, 200> x;
  tensor<std::uint8_t, 200> y;
};
static spirals two_spirals() {
  spirals s;
  for (int i = 0; i < 200; ++i) {
    const float turn = 0.5f + float(i / 2) * 0.06f, side = i % 2 ? 1.f : -1.f;
    s.x(0, i) = side * turn / 6 * std::cos(turn);
    s.x(1, i) = side * turn / 6 * std::sin(turn);
    s.y(i) = std::uint8_t(i % 2);
  }
  return s;
}

int main(int argc, char** argv) {
  const bool test = argc > 1 && std::strcmp(argv[1], "--test") == 0;
  auto net = network();
  for_each_parameter(net, [](std::string const& path, auto const& w) {
    std::printf("%-18s %3d x %d\n", path.c_str(), w.shape.extent[0], w.shape.extent[1]);
  });

  using step = training_step<default_backend, decltype(net), sgd_rule, tensor<float, 2, 200>, tensor<std::uint8_t, 200>>;
  const std::string plan = explain(step(net, {}));
  std::printf("%s\n", test ? plan.substr(0, plan.find('\n')).c_str() : plan.c_str());

  const std::vector<spirals> data{two_spirals()};
  float first = 0, last = 0;
  int n = 0;
  for (float loss : sgd(net, data | cycle | take(600), {.lr = 0.05f})) {
    if (n == 0) first = loss;
    if (n % 100 == 0) std::printf("step %4d  loss %.4f\n", n, double(loss));
    last = loss;
    ++n;
  }
  const bool good = last < 0.1f * first;
  std::printf("loss %.4f, after %d steps %.4f: %s\n", double(first), n, double(last), good ? "ok" : "NOT LEARNT");
  return !good;
}
