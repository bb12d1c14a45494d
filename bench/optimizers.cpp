// SPDX-License-Identifier: BSL-1.0
// optimizers.cpp -- in: requests of bench/optimizers.py. out: steps of an update rule on one parameter of 1 or 10 million:
// `given` its gradient in memory, or with one that is worked out, `fused` in the program of the update or `apart`.
#include <knit/knit.hpp>
#include <knit_kernels/simd/bandwidth.hpp>

#include <memory>
#include <optional>
#include <stdexcept>

#include "worker.hpp"

using namespace knit;

namespace {

/// Its gradient is its argument: what a step costs is the update, and the sum beside it.
template <class W> struct dot {
  BOOST_HANA_DEFINE_STRUCT(dot, (W, w));
  template <class X> constexpr auto operator()(X&& x) const { return sum(w % std::forward<X>(x)); }
};
/// One whose gradient has to be worked out.
template <class W> struct distance_to {
  BOOST_HANA_DEFINE_STRUCT(distance_to, (W, w));
  template <class X> constexpr auto operator()(X&& x) const { return sum(square(w - std::forward<X>(x))) * 0.5f; }
};

template <long N> struct work {
  using array = tensor<float, N>;
  static constexpr int steps = int(50'000'000 / N);
  array x, first;
  work() {
    x.fill([](long i) { return float(bench::hashed(std::uint32_t(i))); });
    first.fill([](long i) { return 2 + float(bench::hashed(std::uint32_t(i + N))); });
  }
};

/// step(): from the initial state, steps of one kind.
template <long N, template <class> class Model, class Rule> struct trained {
  using array = typename work<N>::array;
  using step_type = training_step<simd_backend, Model<array>, Rule, array>;
  Model<array> model;
  std::optional<step_type> step;
  void reset(work<N> const& of, Rule const& rule) {
    model.w = of.first;
    step.emplace(model, rule);  // anew: a rule has a memory
  }
};

template <class Step, class Array> bench::outcome timed(int steps, Array const& w, Step const& step) {
  auto r = bench::time_steps(steps, [&](int) { return step(), 0.0; });
  r.numbers.clear();
  for (long i = 0; i < 8; ++i) r.numbers.push_back(w[i * (w.size() / 8) + i]);
  return r;
}

template <long N, template <class> class Model, class Rule>
bench::outcome run_fused(work<N> const& of, Rule const& rule, int steps) {
  static trained<N, Model, Rule> t;
  t.reset(of, rule);
  return timed(steps, t.model.w, [&] { (*t.step)(of.x); });
}
template <long N, class Rule> bench::outcome run_apart(work<N> const& of, Rule const& rule, int steps) {
  static trained<N, dot, Rule> t;
  static distance_to<tensor<float, N>> loss;
  static tensor<float, N> gradient;
  t.reset(of, rule);
  return timed(steps, t.model.w, [&] {
    std::swap(loss.w, t.model.w);
    auto r = diff(loss)(of.x);
    gradient = grad(r, loss.w);
    std::swap(loss.w, t.model.w);
    (*t.step)(gradient);
  });
}

template <long N, class Rule> bench::contest contest_of(std::string const& kind, Rule const& rule, int threads) {
  auto of = std::make_shared<work<N>>();
  return {10, work<N>::steps,
          [=](int steps) {
            if (kind == "given") return run_fused<N, dot>(*of, rule, steps);
            if constexpr (N > 1'000'000) {
              if (kind == "fused") return run_fused<N, distance_to>(*of, rule, steps);
              if (kind == "apart") return run_apart<N>(*of, rule, steps);
            }
            throw std::invalid_argument("no such kind of so many: " + kind);
          },
          [=] { return simd::copy_bandwidth(threads); }};
}

template <long N> bench::contest contest_of(std::string const& kind, std::string const& rule, int threads) {
  const auto by = [&](auto r) { return contest_of<N>(kind, r, threads); };
  if (rule == "sgd") return by(sgd_rule{.lr = 1e-3});
  if (rule == "momentum") return by(momentum_rule{.lr = 1e-3, .gamma = 0.9});
  if (rule == "nesterov") return by(nesterov_rule{.lr = 1e-3, .gamma = 0.9});
  if (rule == "adagrad") return by(adagrad_rule{.lr = 1e-2, .eps = 0, .eps_outside = 1e-10});
  if (rule == "rmsprop") return by(rmsprop_rule{.lr = 1e-3, .rho = 0.99, .eps = 0, .eps_outside = 1e-8});
  if (rule == "adadelta") return by(adadelta_rule{.lr = 1, .rho = 0.9, .eps = 1e-6});
  if (rule == "adam") return by(adam_rule{.lr = 1e-3});
  if (rule == "adamw") return by(adamw_rule{.lr = 1e-3});
  throw std::invalid_argument("no such rule: " + rule);
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = bench::parse(argc, argv,
                              "usage: bench_optimizers --worker [--threads N] given|fused|apart RULE 1|10; "
                              "bench/run optimizers compares it with its peers");
  thread_count() = o.threads;
  return bench::serve([&]() -> bench::contest {
    if (o.words.size() != 3)
      throw std::invalid_argument("bench_optimizers takes given, fused or apart, a rule and how many millions");
    if (o.words[2] == "1") return contest_of<1'000'000>(o.words[0], o.words[1], o.threads);
    if (o.words[2] == "10") return contest_of<10'000'000>(o.words[0], o.words[1], o.threads);
    throw std::invalid_argument("bench_optimizers is built for 1 million and 10");
  });
}
