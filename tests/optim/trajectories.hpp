// SPDX-License-Identifier: BSL-1.0
// trajectories.hpp -- in: an update rule, a backend. out: the losses of 100 steps of the model of tests/data/trajectories.py,
// and those that the script has stored.
#pragma once

#include <knit/knit.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "../unit.hpp"

namespace trajectories {

using namespace knit;

inline std::map<std::string, std::vector<double>> const& stored() {
  static const auto all = [] {
    std::map<std::string, std::vector<double>> m;
    std::ifstream file(std::string(KNIT_TEST_DATA) + "/trajectories.txt");
    for (std::string line; std::getline(file, line);) {
      if (line.empty() || line[0] == '#') continue;
      std::istringstream words(line);
      std::string name;
      words >> name;
      for (double x; words >> x;) m[name].push_back(x);
    }
    return m;
  }();
  return all;
}

using scripts::unit;
/// Rows lie side by side in the numbering of the script.
template <class T, int Rows, int Columns> tensor<T, Rows, Columns> weight(std::uint32_t first) {
  tensor<T, Rows, Columns> w;
  for (int r = 0; r < Rows; ++r)
    for (int c = 0; c < Columns; ++c) w(r, c) = T(unit(first + std::uint32_t(r * Columns + c)));
  return w;
}
template <class T, int Rows, int Columns> tensor<T, Rows, Columns> instances_of(std::uint32_t first) {
  tensor<T, Rows, Columns> x;
  x.fill([&](long i) { return T(unit(first + std::uint32_t(i))); });
  return x;
}

template <class T, class Backend, class Rule> std::vector<double> losses(Rule rule) {
  auto model = make_regression(
      make_chain(dense{weight<T, 16, 8>(2000), tensor<T, 16>(), tanh_}, dense{weight<T, 4, 16>(3000), tensor<T, 4>(), identity}));
  const auto x = instances_of<T, 8, 12>(0);
  const auto t = instances_of<T, 4, 12>(1000);
  training_step<Backend, decltype(model), Rule, tensor<T, 8, 12>, tensor<T, 4, 12>> step(model, rule);
  std::vector<double> all;
  for (int s = 0; s < 100; ++s) all.push_back(step(x, t));
  EXPECT_EQ(step.steps(), 100);
  return all;
}

/// In double, on lanes.
template <class Rule> void follows_in_double(std::string const& name, Rule rule) {
  const auto& expected = stored().at(name);
  const auto got = losses<double, simd_backend>(rule);
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t s = 0; s < got.size(); ++s) ASSERT_NEAR(got[s], expected[s], 1e-10 * expected[s]) << "step " << s;
}

}  // namespace trajectories
