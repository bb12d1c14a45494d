// SPDX-License-Identifier: BSL-1.0
// blocks_scan.cpp -- scans give on the CUDA backend's blocks what they give on plain numbers: each line by a thread, and long
// ones by many.
#include "blocks.hpp"

using namespace laws;

TEST(laws_on_blocks, short_lines) {
  check_all_by<in_float, knit::catalogue::scans, use<e<5, 7>, e<5, 7>>, use<e<7>, e<7, 3>>, use<e<1, 8>, e<3, 8, 2>>>();
}
TEST(laws_on_blocks, short_lines_of_double) {
  check_all_by<in_double, knit::catalogue::scans, use<e<5, 7>, e<5, 7>>, use<e<1, 8>, e<3, 8, 2>>>();
}
TEST(laws_on_blocks, lines_of_many_threads) {
  using along_first = mp::mp_take_c<knit::catalogue::scans, 2>;
  check_all_by<samples_in_float, along_first, use<e<1000>, e<1000>>, use<e<>, e<2051>>>();
  check_all_by<samples_in_float, knit::catalogue::scans, use<e<65, 40>, e<65, 40>>, use<e<1, 3>, e<301, 3>>,
               use<e<301>, e<301, 5>>>();
}
