// SPDX-License-Identifier: BSL-1.0
// hyperband.cpp -- in: train/hyperband.hpp. out: the paper's table of rounds, who is trained in them, the best of all.

#include <knit/knit.hpp>
#include <knit/train/hyperband.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <stdexcept>
#include <vector>

namespace {

using namespace knit;
using rounds = std::vector<hyperband_round>;

// Li et al., JMLR 18 (2018), table 1: R = 81, eta = 3.
TEST(hyperband, has_the_papers_rounds) {
  const std::vector<rounds> table{{{81, 1}, {27, 3}, {9, 9}, {3, 27}, {1, 81}},
                                  {{27, 3}, {9, 9}, {3, 27}, {1, 81}},
                                  {{9, 9}, {3, 27}, {1, 81}},
                                  {{6, 27}, {2, 81}},
                                  {{5, 81}}};
  EXPECT_EQ(hyperband_schedule(81, 3), table);
}
TEST(hyperband, has_as_many_brackets_as_whole_powers) {
  for (long power : {1l, 3l, 9l, 27l, 81l, 243l, 729l}) {  // the logarithm of 243 to the base 3 is below 5 in double
    EXPECT_EQ(hyperband_schedule(double(power)).front().front(), (hyperband_round{power, 1}));
    EXPECT_EQ(hyperband_schedule(double(power)).back().back().resource, double(power));
  }
  const auto of_ten = hyperband_schedule(10, 2);  // 8 is the largest power
  EXPECT_EQ(of_ten[0], (rounds{{8, 1.25}, {4, 2.5}, {2, 5}, {1, 10}}));
  EXPECT_EQ(of_ten.size(), 4u);
}

TEST(hyperband, trains_who_did_best) {
  int drawn = 0;
  std::map<double, rounds::size_type> calls;  // by resource
  std::vector<int> in_last;
  const auto best = hyperband([&] { return drawn++; },
                              [&](int c, double resource) {
                                ++calls[resource];
                                if (resource == 9) in_last.push_back(c);
                                return c == 0 ? std::numeric_limits<double>::quiet_NaN() : std::abs(c - 7) + 1 / resource;
                              },
                              9, 3);
  EXPECT_EQ(drawn, 9 + 3 + 3);
  EXPECT_EQ(calls, (std::map<double, rounds::size_type>{{1, 9}, {3, 3 + 3}, {9, 1 + 1 + 3}}));
  EXPECT_EQ(in_last, (std::vector{7, 9, 12, 13, 14}));
  EXPECT_EQ(best.config, 7);
  EXPECT_EQ(best.resource, 9);
  EXPECT_EQ(best.loss, 1.0 / 9);
}
// More training may do harm: then less of it is what is returned.
TEST(hyperband, returns_the_resource_of_the_least_loss) {
  struct config {
    double rate;
    explicit config(double r) : rate(r) {}  // without a default
  };
  const auto best = hyperband([] { return config(0.5); }, [](config const& c, double resource) { return c.rate * resource; });
  EXPECT_EQ(best.resource, 1);
  EXPECT_EQ(best.config.rate, 0.5);
}
TEST(hyperband, says_what_is_wrong) {
  const auto nan = [](int, double) { return std::nan(""); };
  EXPECT_THROW(hyperband([] { return 0; }, nan), std::runtime_error);
  EXPECT_THROW(hyperband_schedule(0.5), std::invalid_argument);
  EXPECT_THROW(hyperband_schedule(1e20), std::invalid_argument);
  EXPECT_THROW(hyperband_schedule(9, 1), std::invalid_argument);
}

}  // namespace
