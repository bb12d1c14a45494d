// SPDX-License-Identifier: BSL-1.0
// Much of what a user may write, for the warnings that a compiler has about it and about knit's headers; it is not run.
#include <cstdio>
#include <knit/knit.hpp>

using namespace knit;

int main() {
  auto model = make_chain(make_dense<36, 16>(relu), dropout{0.2_c}, make_dense<16, 10>());
  const instances<36> data;
  auto batches = data | minibatch<dyn<"batch", 50>>(shuffle_by{1});
  std::vector<float> log;
  auto rule = scheduled(clip_all(weight_decay(adam_rule{}, 1e-4), 1), cosine{.over = 1000});
  batches | repeat(10) | cycle | train(model, rule) | record(log) | progress | takenth(10) |
      tap([](float loss) { std::printf("%.3f\n", double(loss)); }) | early_stop([&] { return -accuracy(model, data); }, 3) | run();

  tensor<double, 3, 4> w(0.5);
  tensor<double, 4, 2> x(0.25);
  auto r = diff([](auto v, auto u) { return sum(square(softmax<0>(tanh(v * u)))); })(w, x);
  tensor dw = grad(r, w);
  tensor z = einsum<"mk,kn->mn">(w - 0.1 * dw, x);
  tensor<float, 12, 12, 1, 2> image(1);
  tensor<float, 3, 3, 1, 4> filter(1);
  tensor y = pool<2>(sigm(conv4<1, 1>(filter, image)));
  std::printf("%g %g\n%s\n", z(1, 1), double(y[0]), to_string(tanh(w * x)).c_str());
}
