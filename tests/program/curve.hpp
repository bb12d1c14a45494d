// SPDX-License-Identifier: BSL-1.0
// curve.hpp -- the network, the data and the losses of tests/data/mnist_curve.py.
#pragma once
#include <knit/knit.hpp>

#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include "../unit.hpp"

namespace curve_data {

using namespace knit;
using scripts::hash;

inline mnist_data const& mnist() {
  static const mnist_data d = read_mnist(std::string(KNIT_EXAMPLE_DATA) + "/mnist");
  return d;
}

template <int Out, int In> tensor<float, Out, In> weight(std::uint32_t first) {
  tensor<float, Out, In> w;
  for (int o = 0; o < Out; ++o)
    for (int i = 0; i < In; ++i) w(o, i) = float(scripts::unit(std::uint32_t(o * In + i) + first) * std::sqrt(6.0 / (In + Out)));
  return w;
}
inline auto curve_model() {
  return make_chain(dense{weight<256, 784>(0), tensor<float, 256>(), relu},
                    dense{weight<10, 256>(1000000), tensor<float, 10>(), identity});
}
using mlp = decltype(curve_model());

inline std::vector<double> curve(char const* name = "mnist_curve.txt") {
  std::ifstream file(std::string(KNIT_TEST_DATA) + "/" + name);
  std::vector<double> losses;
  for (std::string line; std::getline(file, line);)
    if (!line.empty() && line[0] != '#') losses.push_back(std::stod(line));
  return losses;
}

/// The first 1000 images.
inline instances<784> little_mnist() {
  auto const& all = mnist().train;
  return {all.x.first(784000), all.y.first(1000), 10};
}

}  // namespace curve_data
