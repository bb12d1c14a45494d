// SPDX-License-Identifier: BSL-1.0
// program.cpp -- in: program.hpp. out: assignments and updates that read what they write, by whatever name.

#include <knit/knit.hpp>

#include <gtest/gtest.h>

#include <utility>

namespace {

using namespace knit;
using vec = tensor<float, 3>;

// ---- assignments ---------------------------------------------------------------------------------------

TEST(an_assignment, reads_the_old_elements_through_views) {
  tensor<float, 64> x, z(100.f);
  x.fill([](long i) { return float(i); });
  x = z + view<float, 1>(&x[3]);
  for (long i = 0; i < 64; ++i) EXPECT_EQ(x[i], 103) << i;
  tensor<float, 64> y;
  y.fill([](long i) { return float(i); });
  // The first half and the second, repeated along columns: each reads what the other writes.
  tensor<float, 32, 2> halves;
  y = reshape<64>(halves + view<float, 32>(&y[16]) % 2);
  for (long i = 0; i < 64; ++i) EXPECT_EQ(y[i], float(2 * (16 + i % 32))) << i;
}

TEST(an_assignment, leaves_the_array_where_it_is) {
  vec x{1, 2, 3};
  const view<float, 3> seen(x.data());
  x = x + 1;
  EXPECT_EQ(seen.data(), x.data());
  EXPECT_EQ(seen[2], 4);
  x = x % sum(x);
  EXPECT_EQ(seen[0], 18);
}

TEST(an_assignment, gives_elements_to_what_was_moved_from) {
  vec m{1, 2, 3};
  m = std::move(m) % 2;
  EXPECT_EQ(m[0], 2);
  EXPECT_EQ(m[2], 6);
  tensor<float, 40, 3> w(1.f);
  const tensor held = std::move(w) + 1;
  w = held % 2;
  EXPECT_EQ(w(39, 2), 4);
}

}  // namespace
