// SPDX-License-Identifier: BSL-1.0
// device.cu -- in: a machine, with a GPU or without. out: what a program for a GPU does there.
#include <knit/backend/cuda/explain.hpp>
#include <knit/cuda.cuh>

#include "device.hpp"

using namespace knit;
using mlp = decltype(make_chain(make_dense<4, 3>()));
struct small_step : training_program<mlp, sgd_rule, view<float, 4, 5>, view<std::uint8_t, 5>> {};

bool gpu_available() { return cuda::available(); }

std::string said_by_a_step() try {
  mlp m = make_chain(make_dense<4, 3>());
  cuda::training_step<small_step> step(m, {});
  cuda::memory_of<float> x(20);
  cuda::memory_of<std::uint8_t> y(5);
  const float pixels[20] = {1, 2, 3};
  const std::uint8_t classes[5] = {0, 1, 2, 1, 0};
  x.write(pixels, 20, step.stream());
  y.write(classes, 5, step.stream());
  step(cuda::device_view<float, 4, 5>(x), cuda::device_view<std::uint8_t, 5>(y));
  return "loss " + std::to_string(step.loss());
} catch (cuda::error const& e) {
  return e.what();
}

std::string said_of_too_much_memory() try {
  cuda::memory_of<double> all(std::size_t(1) << 50);
  return "";
} catch (cuda::error const& e) {
  return e.what();
}

std::string said_of_too_long_a_copy() try {
  cuda::memory_of<float>().write(nullptr, 1, nullptr);
  return "";
} catch (std::invalid_argument const& e) {
  return e.what();
}

namespace {
/// A stream of its own.
struct own_stream {
  cudaStream_t at = nullptr;
  own_stream() { cuda::check(cudaStreamCreate(&at), "making of a stream"); }
  own_stream(own_stream const&) = delete;
  ~own_stream() { (void)cudaStreamDestroy(at); }
};
/// Data in the memory of the GPU; labels of a batch begin at a multiple of 8.
struct data_there {
  int size;
  cuda::memory_of<float> x;
  cuda::memory_of<std::uint8_t> y;
  data_there(small_data const& d, cudaStream_t stream) : size(int(d.y.size())), x(d.x.size()), y(d.y.size() / 5 * 8 + 8) {
    x.write(d.x.data(), d.x.size(), stream);
    std::vector<std::uint8_t> labels(y.size());
    for (int i = 0; i < size; ++i) labels[std::size_t(i / 5 * 8 + i % 5)] = d.y[std::size_t(i)];
    y.write(labels.data(), labels.size(), stream);
  }
};
}  // namespace

struct whole_batches : training_program<small_model, adam_rule, view<float, 4, 5>, view<std::uint8_t, 5>> {};
std::vector<float> train_by_steps(small_model& m, small_data const& d) {
  own_stream stream;
  const data_there there(d, stream.at);
  cuda::training_step<whole_batches> step(m, {.lr = 0.02}, stream.at);
  std::vector<float> losses;
  for (int b = 0; b < there.size / 5; ++b) {
    step(cuda::device_view<float, 4, 5>(there.x.data() + 20 * b), cuda::device_view<std::uint8_t, 5>(there.y.data() + 8 * b));
    losses.push_back(step.loss());
  }
  step.read(m);
  return losses;
}

float train_by_graph(small_model& m, small_data const& d, int launches) {
  own_stream stream;
  const data_there there(d, stream.at);
  cuda::training_step<whole_batches> step(m, {.lr = 0.02}, stream.at);
  std::vector<typename cuda::training_step<whole_batches>::batch> batches;
  for (int b = 0; b < there.size / 5; ++b)
    batches.emplace_back(cuda::device_view<float, 4, 5>(there.x.data() + 20 * b),
                         cuda::device_view<std::uint8_t, 5>(there.y.data() + 8 * b));
  typename cuda::training_step<whole_batches>::graph graph(step, batches);
  for (int i = 0; i < launches; ++i) graph.launch();
  step.read(m);
  return step.loss();
}

std::string explained() { return cuda::explain_kernels<whole_batches>(cuda::a100, cuda::registers_of<whole_batches>()); }

struct partial_batches
    : training_program<small_model, sgd_rule, view<float, 4, dyn<"batch", 5>>, view<std::uint8_t, dyn<"batch", 5>>> {};
std::vector<float> train_by_partial_steps(small_model& m, small_data const& d) {
  own_stream stream;
  const data_there there(d, stream.at);
  cuda::training_step<partial_batches> step(m, {.lr = 0.5}, stream.at);
  std::vector<float> losses;
  for (int at = 0; at < there.size; at += 5) {
    const int n = std::min(5, there.size - at);
    step(cuda::device_view<float, 4, dyn<"batch", 5>>(there.x.data() + 4 * at, n),
         cuda::device_view<std::uint8_t, dyn<"batch", 5>>(there.y.data() + at / 5 * 8, n));
    losses.push_back(step.loss());
  }
  step.read(m);
  return losses;
}

template <int Features>
std::vector<std::uint8_t> shuffled_there(knit::instances<Features> const& data, std::uint64_t seed, int epochs) {
  own_stream stream;
  cuda::minibatches<Features, 5> there(data, seed, stream.at);
  std::vector<std::uint8_t> all;
  auto take = [&](auto const& view) {
    const std::size_t n = std::size_t(view.shape.size()), before = all.size();
    all.resize(before + n);
    cuda::check(cudaMemcpyAsync(all.data() + before, view.data(), n, cudaMemcpyDeviceToHost, stream.at), "copy from a GPU");
  };
  for (int e = 0; e < epochs; ++e) {
    if (e > 0) there.shuffle();
    for (auto const& [x, y] : there.batches()) take(x), take(y);
  }
  cuda::check(cudaStreamSynchronize(stream.at), "shuffling");
  return all;
}
template std::vector<std::uint8_t> shuffled_there(knit::instances<3> const&, std::uint64_t, int);
template std::vector<std::uint8_t> shuffled_there(knit::instances<12> const&, std::uint64_t, int);
template std::vector<std::uint8_t> shuffled_there(knit::instances<32> const&, std::uint64_t, int);
