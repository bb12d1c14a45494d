// SPDX-License-Identifier: BSL-1.0
// rounding.cpp -- in: numbers of rounding.hpp with errors larger than they are. out: the errors of their products cover what
// float may give, and hardly more.

#include "../rounding.hpp"

#include <gtest/gtest.h>

namespace {

using rounding::number;

/// How far x may be off.
double allowed(number x) { return rounding::slack * x.deviation(); }

/// A gradient: a small sum, and a term that a relu lets through if its argument is above 0.
number gradient(number argument) { return number(0x1p-20) + select(argument > number(0), number(0x1p-13), number(0)); }

TEST(rounding, a_decision_that_hangs_on_it_may_go_either_way_in_a_square) {
  constexpr double without = 0x1p-20, with = without + 0x1p-13;
  const number g = gradient({-3e-8, 3e-13}), square = g * g;
  EXPECT_EQ(square.value, without * without);
  EXPECT_LE(with * with - square.value, allowed(square));
  EXPECT_LE(square.deviation(), 2 * with * with);  // and not much more
  const number moment = number(0.001) * square + number(0.999) * number(0x1p-32);
  EXPECT_LE(0.001 * (with * with - square.value), allowed(moment));
}

TEST(rounding, a_decision_that_is_clear_leaves_a_square_narrow) {
  const number g = gradient({-1e-4, 3e-13}), square = g * g;
  EXPECT_LE(allowed(square), 1e-6 * square.value);
}

}  // namespace
