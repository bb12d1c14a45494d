// SPDX-License-Identifier: BSL-1.0
// nist.hpp -- in: a function and the name of one of NIST's data sets. out: both starting points lead to the certified
// coefficients.
#pragma once

#include <knit/knit.hpp>
#include <knit/nn/curve.hpp>
#include <knit/train/levenberg_marquardt.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <string>
#include <vector>

namespace nist {

using namespace knit;

/// A set of tests/data/nist.txt.
struct data_set {
  std::string name;
  std::size_t observations, coefficients;
  double squares;
  std::vector<double> start[2], certified, x, y;
};
inline data_set stored(std::string const& name) {
  std::ifstream file(KNIT_TEST_DATA "/nist.txt");
  data_set d;
  while (file >> d.name >> d.observations >> d.coefficients >> d.squares) {
    auto read = [&](std::vector<double>& to, std::size_t n) {
      to.resize(n);
      for (double& number : to) file >> number;
    };
    for (auto* row : {&d.start[0], &d.start[1], &d.certified}) read(*row, d.coefficients);
    for (auto* row : {&d.x, &d.y}) read(*row, d.observations);
    if (d.name == name) return d;
  }
  throw std::runtime_error("no data set " + name);
}
template <int N> tensor<double, N> column(std::vector<double> const& numbers) {
  tensor<double, N> t;
  t.fill([&](long i) { return numbers.at(std::size_t(i)); });
  return t;
}

/// f of x and as many coefficients as Index has numbers, on N observations.
template <int N, class F, std::size_t... Index> void fits(std::string const& name, F f, int digits, std::index_sequence<Index...>) {
  const data_set d = stored(name);
  ASSERT_EQ(d.observations, std::size_t(N));
  ASSERT_EQ(d.coefficients, sizeof...(Index));
  const auto x = column<N>(d.x), y = column<N>(d.y);
  for (auto const& start : d.start) {
    auto model = make_curve(f, start[Index]...);
    double last = 0;
    for (double squares : levenberg_marquardt(model, x, y) | take(2000)) last = squares;
    const std::string from = name + " from " + std::to_string(start[0]);
    EXPECT_NEAR(last, d.squares, std::pow(10., -digits) * d.squares + 1e-20) << from;
    std::size_t k = 0;
    for_each_parameter(model, [&](std::string const&, auto const& b) {
      EXPECT_NEAR(b[0], d.certified[k], std::pow(10., -digits) * std::abs(d.certified[k])) << from << ", b" << k + 1;
      ++k;
    });
  }
}
template <int N, int Coefficients, class F> void fits(std::string const& name, F f, int digits = 6) {
  fits<N>(name, f, digits, std::make_index_sequence<std::size_t(Coefficients)>());
}

}  // namespace nist
