// SPDX-License-Identifier: BSL-1.0
// run.hpp -- in: a rule. out: a run of mnist_mlp under it. The program of each rule takes the compiler seconds, so each is a file.
#pragma once
#include <filesystem>
#include <functional>
#include <knit/knit.hpp>
#include <optional>
#include <string>

using namespace knit;

struct options {
  int epochs = 10;
  std::string optimizer = "sgd";
  std::optional<double> lr;
  bool constant = false;
  double l1 = 0;
  bool dropout = false;
  int threads = 0;
  std::uint64_t seed = 1;
  std::string backend = "simd";
  std::filesystem::path data = KNIT_EXAMPLE_DATA "/mnist";
  double at_least = 0;
  bool explain = false, help = false;
};

using images = view<unorm8, 784, 100>;
using labels = view<std::uint8_t, 100>;

/// A step under one of the rules, and how well its model does: what differs between rules, so that all else is compiled once.
struct trainee {
  using value_type = float;
  std::function<float(images const&, labels const&)> step;
  std::function<double()> accuracy;
  float operator()(images const& x, labels const& y) { return step(x, y); }
};
template <class... Between> auto make_mlp(options const& o, Between... between) {
  return make_chain(make_dense<784, 256>(relu, xavier_uniform{o.seed}, 0), between...,
                    make_dense<256, 10>(identity, xavier_uniform{o.seed}, 1));
}
using plain_mlp = decltype(make_mlp(options()));

template <class Backend, class Model> double test(Model const& mlp, mnist_data const& mnist) {
  return accuracy<Backend>(mlp, mnist.test);
}
extern template double test<simd_backend>(plain_mlp const&, mnist_data const&);  // most rules train this model: sgd.cpp

/// Trains for all epochs, telling of each. The last accuracy.
double train_epochs(options const& o, mnist_data const& mnist, trainee mlp);

template <class Backend, class Model, class Rule> double run(options const& o, mnist_data const& mnist, Model mlp, Rule at_rate) {
  if (o.lr) at_rate.lr = *o.lr;
  const auto rule = scheduled(at_rate, cosine{o.epochs * long(mnist.train.size / 100), o.constant ? 1.0 : 0.0});
  training_step<Backend, Model, scheduled_rule<Rule, cosine>, images, labels> step(mlp, rule);
  static_assert(plan_of<decltype(step)>::kernels <= 3, "the step is at most three fused kernels");
  if (o.explain) std::fputs(explain(step).c_str(), stdout);
  return train_epochs(o, mnist,
                      {[&](images const& x, labels const& y) { return step(x, y); }, [&] { return test<Backend>(mlp, mnist); }});
}
template <class Rule> double run(options const& o, mnist_data const& mnist, Rule rule) {
  return run<simd_backend>(o, mnist, make_mlp(o), rule);
}

/// The library's 0.1 is too little for a rate that falls: it gives 96.5 percent after ten epochs, 0.2 97.5 and 0.5 98.1.
inline const sgd_rule fast{.lr = 0.5};

using run_of_rule = double(options const&, mnist_data const&);
run_of_rule run_sgd, run_sgd_by_plain_loops, run_sgd_with_l1, run_sgd_with_dropout, run_momentum, run_nesterov, run_adagrad,
    run_rmsprop, run_adadelta, run_adam, run_adamw, run_lion;
