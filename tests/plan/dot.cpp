// SPDX-License-Identifier: BSL-1.0
// dot.cpp -- in: plan/dot.hpp. out: every step is drawn once, in its kernel; every arrow joins what is drawn.

#include <knit/knit.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <utility>

namespace {

using namespace knit;

struct picture {
  std::multiset<std::string> boxes;
  std::set<std::pair<std::string, std::string>> arrows;
  int clusters = 0;
  long open = 0;  ///< braces
};
/// Reads what to_dot writes.
picture read(std::string const& text) {
  picture p;
  const std::regex box("^ *(\\w+) \\[label=.*"), arrow("^ *(\\w+) -> (\\w+)( \\[label=.*)?$"),
      kernel("^ *subgraph cluster_kernel.*");
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    p.open += std::count(line.begin(), line.end(), '{') - std::count(line.begin(), line.end(), '}');
    std::smatch m;
    if (std::regex_match(line, m, arrow)) p.arrows.insert({m[1], m[2]});
    else if (std::regex_match(line, m, box)) p.boxes.insert(m[1]);
    p.clusters += std::regex_match(line, kernel);
  }
  return p;
}
void expect_whole(picture const& p) {
  EXPECT_EQ(p.open, 0);
  for (auto const& b : p.boxes) EXPECT_EQ(p.boxes.count(b), 1u) << b;
  for (auto const& [from, to] : p.arrows) {
    EXPECT_EQ(p.boxes.count(from), 1u) << from;
    EXPECT_EQ(p.boxes.count(to), 1u) << to;
  }
}

TEST(dot, draws_the_values_of_an_expression) {
  tensor<float, 2, 3> w;
  tensor<float, 3> x;
  const std::string text = to_dot(square(w * x) + 1_c);
  const picture p = read(text);
  expect_whole(p);
  EXPECT_EQ(p.boxes.size(), 6u) << text;  // w, x, product, square, 1, sum
  EXPECT_EQ(p.arrows.size(), 5u) << text;
  EXPECT_NE(text.find("label=\"leaf0 (2x3)\""), std::string::npos);
  EXPECT_NE(text.find("label=\"+ (2)\", peripheries=2"), std::string::npos) << text;
}

TEST(dot, draws_the_steps_of_a_plan) {
  auto model = make_chain(make_dense<70, 30>(relu), make_dense<30, 10>());
  training_step<default_backend, decltype(model), sgd_rule, tensor<float, 70, 50>, tensor<std::uint8_t, 50>> step(model, {});
  using plan = plan_of<decltype(step)>;
  const std::string text = to_dot(step);
  const picture p = read(text);
  expect_whole(p);
  EXPECT_EQ(p.clusters, plan::kernels);
  const auto leaves = std::count_if(p.boxes.begin(), p.boxes.end(), [](auto const& b) { return b.starts_with("leaf"); });
  EXPECT_EQ(leaves, 7);  // parameters, x, y, the rate
  int steps = 0;
  for (int t = 0; t < plan::plan.step_count; ++t) {
    bool writes = false;
    for (int i = 0; i < plan::plan.store_count; ++i) writes = writes || plan::plan.stores[i].step == t;
    steps += writes || plan::plan.steps[t].first < plan::plan.steps[t].last;
  }
  EXPECT_EQ(long(p.boxes.size()) - leaves, steps);
  for (int l = 0; l < 4; ++l) EXPECT_NE(text.find("leaf" + std::to_string(l) + " := "), std::string::npos) << l;
  EXPECT_NE(text.find("output0 := "), std::string::npos);
}

}  // namespace
