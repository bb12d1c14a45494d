// SPDX-License-Identifier: BSL-1.0
// blocks_conv.cpp -- convolutions and views that sample give on the CUDA backend's blocks what they give on plain numbers.
#include "blocks.hpp"

using namespace laws;

TEST(laws_on_blocks, samples) {
  check_all_by<in_float, knit::catalogue::samples, use<e<7, 6>>, use<e<8, 4, 2>>>();
  check_all_by<in_float, knit::catalogue::samples_like, use<e<5, 4>, e<7, 6>>>();
}
TEST(laws_on_blocks, convolutions) {
  check_all_by<in_float, knit::catalogue::convolutions, use<e<3, 2, 2, 4>, e<16, 5, 2, 3>>, use<e<1, 1, 3, 2>, e<5, 2, 3, 2>>>();
}
