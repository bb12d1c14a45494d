// SPDX-License-Identifier: BSL-1.0
// gpu.cu -- in: the programs of programs.hpp and memory of the host. out: what a GPU makes of it; how long a step takes.
#include <knit/cuda.cuh>

#include "gpu.hpp"
#include "programs.hpp"
#include "routines.hpp"

using namespace knit;

template <class Spec> void run_on_gpu(std::vector<void*> const& leaves, std::vector<void*> const& outputs) {
  using program = cuda_backend::program<Spec>;
  using P = typename program::compiled_type;
  using number = typename P::number;
  cudaStream_t stream = nullptr;
  cuda::check(cudaStreamCreate(&stream), "making of a stream");
  {
    program p(stream);
    std::vector<cuda::memory_of<unsigned char>> there;
    std::vector<void const*> leaves_there;
    std::vector<void*> outputs_there;
    auto put = [&](void* from, std::size_t bytes) {
      there.emplace_back(bytes);
      there.back().write(static_cast<unsigned char*>(from), bytes, stream);
      return there.back().data();
    };
    for (std::size_t i = 0; i < Spec::leaves.size(); ++i)
      leaves_there.push_back(
          put(leaves[i], Spec::leaves[i].lies.storage(Spec::leaves[i].extents) * bytes_of(Spec::leaves[i].holds)));
    for (int r = 0; r < P::roots; ++r)
      if (P::graph.roots[r].state < 0)
        outputs_there.push_back(
            put(outputs[outputs_there.size()], std::size_t(P::graph.extents[P::graph.roots[r].node].size()) * sizeof(number)));
    p.run(leaves_there.data(), outputs_there.data());
    for (std::size_t i = 0; i < there.size(); ++i)
      there[i].read(static_cast<unsigned char*>(i < leaves.size() ? leaves[i] : outputs[i - leaves.size()]), there[i].size(),
                    stream);
    cuda::check(cudaStreamSynchronize(stream), "a run of a program");
  }
  (void)cudaStreamDestroy(stream);
}
template void run_on_gpu<programs::products>(std::vector<void*> const&, std::vector<void*> const&);
template void run_on_gpu<programs::chain>(std::vector<void*> const&, std::vector<void*> const&);
template void run_on_gpu<programs::classes>(std::vector<void*> const&, std::vector<void*> const&);
template void run_on_gpu<programs::small_adam>(std::vector<void*> const&, std::vector<void*> const&);
template void run_on_gpu<programs::mnist_sgd>(std::vector<void*> const&, std::vector<void*> const&);
template void run_on_gpu<programs::mnist_adam>(std::vector<void*> const&, std::vector<void*> const&);
template void run_on_gpu<routines::large_layer>(std::vector<void*> const&, std::vector<void*> const&);
template void run_on_gpu<programs::mnist_bf16>(std::vector<void*> const&, std::vector<void*> const&);
template void run_on_gpu<routines::gpu_conv>(std::vector<void*> const&, std::vector<void*> const&);

bool gpu_available() { return cuda::available(); }

/// Steps of one graph, launched again and again.
template <class Spec> static double microseconds(int steps, int launches) {
  using training = cuda::training_step<Spec>;
  cudaStream_t stream = nullptr;
  cuda::check(cudaStreamCreate(&stream), "making of a stream");
  double us = 0;
  {
    typename Spec::model_type m = make_chain(make_dense<784, 256>(relu), make_dense<256, 10>());
    training step(m, {}, stream);
    cuda::memory_of<unorm8> x(784 * 100);
    cuda::memory_of<std::uint8_t> y(100);
    cuda::check(cudaMemsetAsync(x.data(), 1, x.size(), stream), "clearing");
    cuda::check(cudaMemsetAsync(y.data(), 1, y.size(), stream), "clearing");
    const std::vector<typename training::batch> batches(
        std::size_t(steps),
        typename training::batch(cuda::device_view<unorm8, 784, 100>(x.data()), cuda::device_view<std::uint8_t, 100>(y.data())));
    typename training::graph graph(step, batches);
    graph.launch();  // the first is slower
    cudaEvent_t begin, end;
    cuda::check(cudaEventCreate(&begin), "an event");
    cuda::check(cudaEventCreate(&end), "an event");
    cuda::check(cudaEventRecord(begin, stream), "an event");
    for (int i = 0; i < launches; ++i) graph.launch();
    cuda::check(cudaEventRecord(end, stream), "an event");
    cuda::check(cudaEventSynchronize(end), "training");
    float ms = 0;
    cuda::check(cudaEventElapsedTime(&ms, begin, end), "an event");
    us = 1e3 * ms / (double(steps) * launches);
    (void)cudaEventDestroy(begin);
    (void)cudaEventDestroy(end);
  }
  (void)cudaStreamDestroy(stream);
  return us;
}
double microseconds_of_sgd(int steps, int launches) { return microseconds<programs::mnist_sgd>(steps, launches); }
double microseconds_of_sgd_in_bf16(int steps, int launches) { return microseconds<programs::mnist_bf16>(steps, launches); }
double microseconds_of_adam(int steps, int launches) { return microseconds<programs::mnist_adam>(steps, launches); }
