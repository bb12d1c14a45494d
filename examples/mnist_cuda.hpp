// SPDX-License-Identifier: BSL-1.0
// What the program (mnist_cuda.cu, for nvcc) and the pipeline (mnist_cuda.cpp, for the compiler of the host) share.
#pragma once
#include <knit/nn/chain.hpp>
#include <knit/nn/dense.hpp>
#include <memory>

inline auto make_mlp(std::uint64_t seed) {
  using namespace knit;
  return make_chain(make_dense<784, 256>(relu, xavier_uniform{seed}, 0), make_dense<256, 10>(identity, xavier_uniform{seed}, 1));
}
using mlp = decltype(make_mlp(1));
using images = knit::view<knit::unorm8, 784, 100>;
using labels = knit::view<std::uint8_t, 100>;

/// Steps of training on a GPU, as a range of batches needs them: called with one it returns the loss before the step.
class gpu_trainer {
 public:
  using value_type = float;

  static bool available();  ///< is there a GPU?

  gpu_trainer(mlp const& start, double lr);  ///< throws std::runtime_error if there is none
  ~gpu_trainer();
  float operator()(images const& x, labels const& y);
  void read(mlp& to) const;  ///< the parameters as they are now

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};
