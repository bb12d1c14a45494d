// SPDX-License-Identifier: BSL-1.0
// cuda.cuh -- what a .cu file includes: models, ops and update rules, and their steps on a GPU, which holds the parameters.
#pragma once
#include <array>
#include <knit/backend/cuda/device.cuh>
#include <knit/backend/cuda/minibatches.cuh>
#include <knit/core/tensor.hpp>
#include <knit/nn/chain.hpp>
#include <knit/nn/dense.hpp>
#include <knit/nn/dropout.hpp>
#include <knit/op/catalogue.hpp>
#include <knit/op/composite.hpp>
#include <knit/optim/adadelta.hpp>
#include <knit/optim/adagrad.hpp>
#include <knit/optim/adam.hpp>
#include <knit/optim/adamw.hpp>
#include <knit/optim/clip.hpp>
#include <knit/optim/lion.hpp>
#include <knit/optim/momentum.hpp>
#include <knit/optim/nesterov.hpp>
#include <knit/optim/rmsprop.hpp>
#include <knit/optim/schedule.hpp>
#include <knit/optim/sgd.hpp>
#include <knit/optim/weight_decay.hpp>
#include <knit/train/step.hpp>
#include <span>
#include <vector>

namespace knit::cuda {

/// Training on a GPU. Spec names what is trained, so that kernels have short names:
/// `struct digits : knit::training_program<mlp, sgd_rule, view<unorm8, 784, 100>, view<std::uint8_t, 100>> {};`.
/// The GPU has its own copy of the parameters, from the construction to `read`, and the states of the rule.
template <class Spec, class Arguments = typename Spec::argument_types> class training_step;
template <class Spec, class... X> class training_step<Spec, std::tuple<X...>> {
 public:
  using spec = Spec;
  using model_type = typename Spec::model_type;
  using rule_type = typename Spec::rule_type;
  using program = cuda_backend::program<Spec>;
  using value_type = typename program::value_type;
  /// What a step is given: arrays in memory of the GPU.
  using batch = std::tuple<typename on_device<X>::type...>;

  /// Throws cuda::error where there is no GPU, or not enough of its memory.
  training_step(model_type const& m, rule_type const& r, cudaStream_t stream = nullptr)
      : rule(r), program_(stream), loss_(1), rates_(numbers) {
    check(cudaMemsetAsync(loss_.data(), 0xff, sizeof(value_type), stream), "clearing of a loss");
    std::apply([&](auto const*... p) { (add(*p), ...); }, parameters_of(m));
  }

  /// Puts a step on the stream. The loss before it is there when the stream is done: see `loss`.
  void operator()(typename on_device<X>::type const&... x) {
    const std::array<double, numbers> now = Spec::numbers_at(rule, ++steps_);
    rates_.write(now.data(), numbers, stream());  // copied before this returns, so `now` may go
    run(batch(x...), rates_.data());
  }
  /// The loss of the last step, before its update; NaN before the first. Waits for the stream.
  value_type loss() const {
    value_type l = 0;
    loss_.read(&l, 1, stream());
    check(cudaStreamSynchronize(stream()), "a step of training");
    return l;
  }
  /// Copies the parameters to a model of the host. Waits for the stream.
  void read(model_type& m) const {
    std::size_t i = 0;
    std::apply([&](auto*... p) { (get(*p, parameters_[i++]), ...); }, parameters_of(m));
    check(cudaStreamSynchronize(stream()), "a step of training");
  }
  cudaStream_t stream() const { return program_.stream(); }
  long steps() const { return steps_; }

  /// One step for each batch, recorded once and launched as often as wanted, as one graph. It refers to the step.
  class graph {
   public:
    graph(training_step& s, std::span<batch const> batches)
        : step_(&s), rates_(batches.size() * numbers), count_(long(batches.size())) {
      cudaStream_t const stream = s.stream();
      if (stream == nullptr)
        throw std::invalid_argument(
            "knit: a graph is recorded on a stream of its own; give training_step one that is not the default");
      check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "recording of a graph");
      cudaGraph_t recorded = nullptr;
      try {
        for (std::size_t i = 0; i < batches.size(); ++i) s.run(batches[i], rates_.data() + i * numbers);
      } catch (...) {
        (void)cudaStreamEndCapture(stream, &recorded);
        if (recorded) (void)cudaGraphDestroy(recorded);
        throw;
      }
      check(cudaStreamEndCapture(stream, &recorded), "recording of a graph");
      const cudaError_t e = cudaGraphInstantiate(&graph_, recorded, 0);
      (void)cudaGraphDestroy(recorded);
      check(e, "making of a graph");
    }
    graph(graph const&) = delete;
    graph& operator=(graph const&) = delete;
    ~graph() {
      if (graph_) (void)cudaGraphExecDestroy(graph_);
    }
    /// All its steps, put on the stream at once.
    void launch() {
      std::vector<double> now;
      for (long i = 0; i < count_; ++i)
        for (double n : Spec::numbers_at(step_->rule, ++step_->steps_)) now.push_back(n);
      rates_.write(now.data(), now.size(), step_->stream());
      check(cudaGraphLaunch(graph_, step_->stream()), "launch of a graph");
    }

   private:
    training_step* step_;
    memory_of<double> rates_;
    long count_;
    cudaGraphExec_t graph_ = nullptr;
  };

 private:
  static constexpr std::size_t numbers = std::size_t(Spec::numbers);

  template <class A> void add(A const& p) {
    using T = typename A::value_type;
    const std::size_t n = std::size_t(A::layout.storage(A::shape));
    memory_of<unsigned char> here(n * sizeof(T));
    here.write(reinterpret_cast<unsigned char const*>(p.data()), n * sizeof(T), stream());
    parameters_.push_back(std::move(here));
    for (int s = 0; s < Spec::states; ++s) {
      memory_of<unsigned char> state(n * sizeof(T));
      check(cudaMemsetAsync(state.data(), 0, n * sizeof(T), stream()), "clearing of a state");
      states_.push_back(std::move(state));
    }
  }
  template <class A> void get(A& p, memory_of<unsigned char> const& from) const {
    from.read(reinterpret_cast<unsigned char*>(p.data()), from.size(), stream());
  }
  void run(batch const& b, double const* rates) {
    leaf_list<Spec> leaves;
    for (auto const& p : parameters_) leaves.add(p.data());
    for (auto const& s : states_) leaves.add(s.data());
    std::apply([&](auto const&... x) { (leaves.add(x), ...); }, b);
    for (std::size_t i = 0; i < numbers; ++i) leaves.add(rates + i);
    void* outputs[] = {loss_.data()};
    program_.run(leaves.data(), outputs);
  }

 public:
  rule_type rule;  ///< its numbers may change between steps

 private:
  program program_;
  memory_of<value_type> loss_;
  memory_of<double> rates_;
  std::vector<memory_of<unsigned char>> parameters_, states_;
  long steps_ = 0;
};

}  // namespace knit::cuda
