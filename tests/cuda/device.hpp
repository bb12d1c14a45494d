// SPDX-License-Identifier: BSL-1.0
// device.hpp -- what device.cu does for device.cpp and training.cpp.
#pragma once
#include <knit/data/instances.hpp>
#include <knit/nn/chain.hpp>
#include <knit/nn/dense.hpp>
#include <string>
#include <vector>

bool gpu_available();
std::string said_by_a_step();
std::string said_of_too_much_memory();
std::string said_of_too_long_a_copy();

inline auto make_small() {
  using namespace knit;
  return make_chain(make_dense<4, 6>(tanh_), make_dense<6, 3>());
}
using small_model = decltype(make_small());

/// Columns of 4, a class each, in batches of 5 or, of a step whose batches have a name, of up to 5.
struct small_data {
  std::vector<float> x;
  std::vector<std::uint8_t> y;
};
/// Trains on a GPU, a batch after the other; the losses. The model is what it is then.
std::vector<float> train_by_steps(small_model&, small_data const&);
std::vector<float> train_by_partial_steps(small_model&, small_data const&);
/// The same as one graph, launched so often; the last loss.
float train_by_graph(small_model&, small_data const&, int launches);
std::string explained();  ///< the kernels of those steps

/// The bytes of Features each and the labels of a GPU's batches of 5, one epoch after the other.
template <int Features> std::vector<std::uint8_t> shuffled_there(knit::instances<Features> const&, std::uint64_t seed, int epochs);
