// SPDX-License-Identifier: BSL-1.0
// blocks_maps.cpp -- every elementwise op gives on the CUDA backend's blocks what it gives on plain numbers.
#include "blocks.hpp"

using namespace laws;

TEST(laws_on_blocks, unary) {
  check_all_by<in_float, knit::catalogue::unary, use<e<>>, use<e<36, 13>>>();
  check_all_by<in_double, knit::catalogue::unary, use<e<37, 2>>>();
}
TEST(laws_on_blocks, binary) {
  check_all_by<in_float, knit::catalogue::binary, use<e<36, 13>, e<36, 13>>, use<e<5, 4>, e<1, 4>>>();
  check_all_by<in_double, knit::catalogue::binary, use<e<8>, e<8, 3>>>();
}
TEST(laws_on_blocks, ternary) {
  check_all_by<in_float, knit::catalogue::ternary, use<e<37, 13>, e<37, 13>, e<37, 13>>, use<e<1, 4>, e<>, e<8>>>();
  check_all_by<in_double, knit::catalogue::ternary, use<e<8>, e<8, 4>, e<>>>();
}
