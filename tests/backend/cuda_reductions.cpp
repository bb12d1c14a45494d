// SPDX-License-Identifier: BSL-1.0
// cuda_reductions.cpp -- in: reductions over any axes. out: on the CUDA backend's blocks what the scalar backend gives in
// double, at odd shapes, in float and double, the same to the bit whatever the order of blocks and threads.

#include "cuda_reductions.hpp"

#include <limits>

namespace {

using namespace arrays;
using blocks::check, blocks::reductions;

TEST(reductions_on_blocks, of_vectors) {
  reductions<float>(extents<7>{});
  reductions<double>(extents<30001>{});
}
TEST(reductions_on_blocks, of_matrices) {
  reductions<float>(extents<37, 129>{});
  reductions<float, 0>(extents<37, 129>{});
  reductions<float, 1>(extents<36, 129>{});
  reductions<double, 0>(extents<64, 12>{});
}
TEST(reductions_on_blocks, of_many_rows) { reductions<float, 0>(extents<9001, 3>{}); }
TEST(reductions_on_blocks, of_three_axes) { reductions<float, 0, 2>(extents<20, 4, 17>{}); }

struct leaves_little {  // the exponentials move to where the sum is read, and one slab is enough for what is left
  constexpr auto operator()(auto x) const {
    auto e = square(x);
    return tanh(exp(e) - sum(e));
  }
};
TEST(reductions_on_blocks, of_one_slab) {
  check(
      "30", [x = make_array<float, 30>(1)] { return value(diff(leaves_little{})(x)); }, 30);
}

// ---- rows that threads hold ----------------------------------------------------------------------------

TEST(rows_on_blocks, are_reduced_on_the_way) {
  check("2 x 5", [x = make_array<float, 2, 5>(1)] { return softmax<0>(x) % max<0>(x); });
  check("10 x 33", [x = make_array<float, 10, 33>(2)] { return logsoftmax<0>(x) - mean<0>(x); });
  check("32 x 9", [x = make_array<double, 32, 9>(3)] { return softmax<0>(x) % x; });
  check(
      "16 x 3 x 5, and summed", [x = make_array<float, 16, 3, 5>(4)] { return sum<1>(softmax<0>(x) % x); }, 16);
  check(
      "21 x 40, and summed over the others",
      [x = make_array<float, 21, 40>(5)] { return sum<1>(softmax<0>(x)) + sum<1>(max<0>(x) % x); }, 40);
  check(
      "20 x 60, few of which are summed by one thread", [x = make_array<float, 20, 60>(9)] { return sum<1>(max<0>(x) % x); }, 60);
  check(
      "10 x 30, and summed over all", [x = make_array<double, 10, 30>(6)] { return sum(square(softmax<0>(x))); }, 30);
  check(
      "a vector", [x = make_array<float, 31>(7)] { return softmax(x) + logsumexp(3 * x); }, 10);
  check("a long vector", [x = make_array<float, 10007>(8)] { return 1000 * softmax(x); });
}

TEST(maxima_on_blocks, let_a_nan_win) {
  for (long bad : {0l, 17l, 299l}) {
    auto a = make_array<float, 300>(1);
    a[bad] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_TRUE(std::isnan(blocks::evaluated<cuda_on_host>(max(a))[0])) << bad;
    const auto rows = blocks::evaluated<cuda_on_host>(max<0>(reshape<30, 10>(a)));
    for (long r = 0; r < 10; ++r) EXPECT_EQ(std::isnan(rows[std::size_t(r)]), r == bad / 30) << bad;
  }
}

}  // namespace
