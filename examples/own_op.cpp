// SPDX-License-Identifier: BSL-1.0
// An op of one's own, softsign, outside the library: in expressions on arrays, and as the activation of a layer on
// both backends. Its derivative is compared with finite differences; the exit status is 1 if they differ.
#include <cmath>
#include <cstdio>
#include <knit/knit.hpp>

namespace mine {

/// x / (1 + |x|). That is all: nothing is registered. eval is for a number as for a vector of them.
struct softsign_op : knit::elementwise<1> {
  static constexpr char const* name = "softsign";
  template <class V> static V eval(V x) {
    using knit::math::abs;
    return x / (V(1) + abs(x));
  }
  /// From the result y, the derivative g of what comes after and the operand: the derivative by the operand.
  static constexpr auto pullback(auto y, auto g, auto) { return knit::grads(g % square(1 - abs(y))); }
};
inline constexpr knit::activation<softsign_op> softsign{};

/// A function of other ops needs no derivative of its own.
struct gelu_function {
  constexpr auto operator()(auto const& x) const { return 0.5 % x % (1 + tanh(0.79788456 * (x + 0.044715 * (x % x % x)))); }
};
inline constexpr gelu_function gelu{};

}  // namespace mine

using namespace knit;

static int failures = 0;

static void report(char const* what, double worst, double allowed) {
  const bool good = worst <= allowed;
  std::printf("%-44s largest difference %.1e %s\n", what, worst, good ? "ok" : "DIFFERS");
  failures += !good;
}

template <class F> static void on_arrays(char const* what, F const& f, double (*plain)(double)) {
  tensor<float, 7, 5> x;
  x.fill([](long i) { return (float(i) - 17.5f) * 0.2f; });
  tensor y = 2 * f(x);
  auto r = diff([&](auto x) { return sum(f(x)); })(x);
  tensor g = grad(r, x);
  double worst = 0;
  for (long i = 0; i < x.size(); ++i) {
    const double v = double(x[i]), h = 1e-5;
    worst = std::max(worst, std::abs(double(y[i]) - 2 * plain(v)));
    worst = std::max(worst, std::abs(double(g[i]) - (plain(v + h) - plain(v - h)) / (2 * h)));
  }
  report(what, worst, 1e-5);
}

template <class Backend, class F> static void in_a_layer(char const* what, F const& f) {
  auto model = make_chain(make_dense<6, 20>(f, xavier_uniform{7}, 0), make_dense<20, 3>(identity, xavier_uniform{7}, 1));
  const tensor x = init<6, 40>(gaussian{7, 0, 1}, 2);
  tensor<std::uint8_t, 40> y;
  y.fill([](long i) { return std::uint8_t(i % 3); });

  training_step<Backend, decltype(model), sgd_rule, tensor<float, 6, 40>, tensor<std::uint8_t, 40>> step(model, {.lr = 1});
  auto at = model;
  step(x, y);
  auto after = model;
  step.rule.lr = 0;
  double worst = 0;
  auto compare = [&](auto& w, auto const& from, auto const& to) {
    model = at;
    for (long i = 0; i < w.size(); i += 7) {
      const float h = 0.01f;
      w[i] = from[i] + h;
      const double above = double(step(x, y));
      w[i] = from[i] - h;
      const double below = double(step(x, y));
      w[i] = from[i];
      worst = std::max(worst, std::abs((above - below) / (2 * double(h)) - double(from[i] - to[i])));
    }
  };
  constexpr auto one = hana::size_c<0>;
  constexpr auto two = hana::size_c<1>;
  compare(model.layers[one].w, at.layers[one].w, after.layers[one].w);
  compare(model.layers[one].b, at.layers[one].b, after.layers[one].b);
  compare(model.layers[two].w, at.layers[two].w, after.layers[two].w);
  report(what, worst, 2e-4);

  model = at;
  step.rule.lr = 0.5f;
  const float first = step(x, y);
  float last = first;
  for (int i = 0; i < 500; ++i) last = step(x, y);
  std::printf("%-44s loss %.4f, after 500 steps %.4f\n", "", double(first), double(last));
  failures += !(last < 0.5f * first);
}

int main() {
  on_arrays("softsign of arrays", mine::softsign, [](double v) { return v / (1 + std::abs(v)); });
  on_arrays("gelu of arrays", mine::gelu,
            [](double v) { return 0.5 * v * (1 + std::tanh(0.79788456 * (v + 0.044715 * v * v * v))); });
  in_a_layer<simd_backend>("dense(w, b, softsign), simd_backend", mine::softsign);
  in_a_layer<scalar_backend<float>>("dense(w, b, softsign), scalar_backend", mine::softsign);
  in_a_layer<simd_backend>("dense(w, b, gelu), simd_backend", mine::gelu);
  return failures != 0;
}
