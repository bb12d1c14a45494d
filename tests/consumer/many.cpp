// SPDX-License-Identifier: BSL-1.0
// Much of what a user may write, for the warnings that a compiler has about it; it is not run.
#include <chrono>
#include <cstdio>
#include <knit/knit.hpp>

using namespace knit;

int main() {
  auto model = make_chain(unmat<12, 12, 1>, make_conv<3, 3, 1, 4, 1, 1>(relu), pool<2>, mat, dropout{0.2_c}, make_dense<144, 10>());
  const instances<144> data;
  auto batches = data | minibatch<dyn<"batch", 50>>(shuffle_by{1});
  std::vector<float> log;
  auto rule = clip_all(weight_decay(adam_rule{}, 1e-4), 1);
  batches | repeat(10) | train(model, scheduled(rule, cosine{.over = 1000})) | record(log) | progress | takenth(10) |
      tap([&](float) { std::printf("%.3f\n", accuracy(model, data)); }) | run();
  batches | cycle | sgd(model) | early_stop([&] { return -accuracy(model, data); }, 3) | run();
  batches | cycle | sgd(model) | converge | run();

  tensor<double, 3, 4> w(0.5);
  tensor<double, 4, 2> x(0.25);
  tensor<double, 3> b(1.0);
  tensor y = softmax<0>(tanh(w * x + b));
  auto r = diff([](auto v, auto u, auto c) { return sum(square(sigm(v * u + c))); })(w, x, b);
  tensor dw = grad(r, w);
  w = w - 0.1 * dw;
  tensor z = einsum<"mk,kn->mn">(w, x);
  std::printf("%g %g\n%s\n", y[0], z(1, 1), to_string(tanh(w * x)).c_str());
}
