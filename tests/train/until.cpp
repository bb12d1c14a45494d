// SPDX-License-Identifier: BSL-1.0
// until.cpp -- in: train/until.hpp. out: converge ends where Knet's does, early_stop when patience is at its end; what is taken
// and what is handed on.

#include <knit/train/views.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include <range/v3/range/conversion.hpp>

namespace {

using namespace knit;
using numbers = std::vector<double>;

/// What is handed on, and behind it how much was drawn.
template <class View> numbers through(numbers const& v, View view) {
  double drawn = 0;
  numbers r = v | tap([&](double) { ++drawn; }) | view | ranges::to<std::vector>();
  r.push_back(drawn);
  return r;
}

// By hand, alpha = 1/2, as mean and rise after each: 4: 4, 0. 2: 3, -1. 3: 3, -1/2. 5: 4, 3/4.
TEST(converge, takes_the_element_that_stops_it_and_does_not_hand_it_on) {
  EXPECT_EQ(through({4, 2, 3, 5, 1, 1}, converge(0.5)), (numbers{4, 2, 3, 4}));
}
// A rise of exactly 0 goes on: 1: 1, 0. 1: 1, 0.
TEST(converge, goes_on_while_nothing_changes) {
  EXPECT_EQ(through({1, 1, 1}, converge), (numbers{1, 1, 1, 3}));
  EXPECT_EQ(through({1, 1, 1.5}, converge), (numbers{1, 1, 3}));
  EXPECT_EQ(through({}, converge), (numbers{0}));
  EXPECT_EQ(through({7}, converge), (numbers{7, 1}));
}
// 1, 1/2, ..., 1/20, then a hundredth more each: with Knet's alpha of 0.1, worked out with fractions, the 42nd stops it.
TEST(converge, has_the_alpha_of_Knet) {
  numbers v;
  for (int i = 1; i <= 20; ++i) v.push_back(1.0 / i);
  for (int i = 1; i < 100; ++i) v.push_back(1.0 / 20 + i / 100.0);
  EXPECT_EQ(through(v, converge).back(), 42);
}
TEST(converge, of_what_is_no_number_ends) {
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(through({3, 2, std::nan(""), 1}, converge), (numbers{3, 2, 3}));
  EXPECT_EQ(through({3, inf, 1}, converge), (numbers{3, 2}));
}
TEST(converge, begins_anew_with_each_pass) {
  numbers v = {4, 2, 3, 5, 1};
  auto r = v | converge(0.5);
  EXPECT_EQ(r | ranges::to<std::vector>(), (numbers{4, 2, 3}));
  EXPECT_EQ(r | ranges::to<std::vector>(), (numbers{4, 2, 3}));
}

TEST(early_stop, waits_for_a_new_best) {
  const auto self = [](double x) { return x; };
  EXPECT_EQ(through({5, 4, 4, 3, 6, 3, 2, 1}, early_stop(self, 2)), (numbers{5, 4, 4, 3, 6, 6}));
  EXPECT_EQ(through({5, 4, 4, 3, 6, 3, 2, 1}, early_stop(self, 3)), (numbers{5, 4, 4, 3, 6, 3, 2, 1, 8}));
  EXPECT_EQ(through({1, std::nan(""), 0}, early_stop(self, 1)), (numbers{1, 2}));
}
TEST(early_stop, may_look_elsewhere) {
  int calls = 0;
  EXPECT_EQ(through({1, 2, 3, 4, 5, 6}, early_stop([&calls] { return calls++ == 0 ? 1 : 2; }, 2)), (numbers{1, 2, 3}));
  EXPECT_EQ(calls, 3) << "once for each element";
}

}  // namespace
