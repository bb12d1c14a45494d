// SPDX-License-Identifier: BSL-1.0
// conv.hpp -- what the tests of convolutions share: PyTorch's numbers, and a network with two convolutions that it trained.
#pragma once
#include <knit/nn/chain.hpp>
#include <knit/nn/conv.hpp>
#include <knit/optim/sgd.hpp>
#include <knit/train/step.hpp>

#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "../unit.hpp"

namespace conv_data {

using namespace knit;

inline std::vector<double> stored(std::string const& name) {
  std::ifstream file(std::string(KNIT_TEST_DATA) + "/conv.txt");
  std::vector<double> numbers;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string first;
    if (words >> first; first != name) continue;
    for (double x; words >> x;) numbers.push_back(x);
  }
  return numbers;
}
using scripts::unit;
template <class T, long... N> tensor<T, N...> units(std::uint32_t first, double by = 1) {
  tensor<T, N...> t;
  t.fill([&](long i) { return T(by * unit(first + std::uint32_t(i))); });
  return t;
}

template <class Backend, class T> std::vector<double> losses() {
  tensor<T, 6, 12> dense_w;  // rows lie side by side in the numbering of the script
  for (int r = 0; r < 6; ++r)
    for (int c = 0; c < 12; ++c) dense_w(r, c) = T(0.5 * unit(4000 + std::uint32_t(r * 12 + c)));
  auto model =
      make_regression(make_chain(conv{units<T, 3, 3, 2, 4>(2000, 0.5), tensor<T, 1, 1, 4>(), relu, moving<1, 1>{}}, pool<2>,
                                 conv{units<T, 2, 2, 4, 3>(3000, 0.5), tensor<T, 1, 1, 3>(), tanh_, moving<2, 0>{}}, mat,
                                 dense{dense_w, tensor<T, 6>(), identity}));
  const auto x = units<T, 10, 8, 2, 5>(0);
  const auto t = units<T, 6, 5>(1000);
  training_step<Backend, decltype(model), sgd_rule, tensor<T, 10, 8, 2, 5>, tensor<T, 6, 5>> step(model, {.lr = 0.1});
  std::vector<double> all;
  for (int s = 0; s < 50; ++s) all.push_back(double(step(x, t)));
  return all;
}
}  // namespace conv_data
