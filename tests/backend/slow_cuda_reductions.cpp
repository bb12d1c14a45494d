// SPDX-License-Identifier: BSL-1.0
// slow_cuda_reductions.cpp -- in: reductions over more axes. out: on the CUDA backend's blocks what the scalar backend gives in
// double, at odd shapes, in float and double, the same to the bit whatever the order of blocks and threads.

#include "cuda_reductions.hpp"

namespace {

using namespace arrays;
using blocks::reductions;

TEST(reductions_on_blocks, of_vectors_and_matrices) {
  reductions<float, 0>(extents<516>{});
  reductions<double, 1>(extents<1, 50>{});
}
TEST(reductions_on_blocks, of_many_columns) {
  reductions<float, 1>(extents<3, 9001>{});
  reductions<double, 1>(extents<301, 203>{});
}
TEST(reductions_on_blocks, of_three_axes) {
  reductions<float, 1>(extents<33, 4, 17>{});
  reductions<double, 1, 2>(extents<19, 4, 17>{});
}
TEST(reductions_on_blocks, of_four_axes) {
  reductions<float, 0, 3>(extents<18, 5, 2, 7>{});
  reductions<double, 0, 1>(extents<31, 3, 4, 8>{});
}

}  // namespace
