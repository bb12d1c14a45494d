// SPDX-License-Identifier: BSL-1.0
// laws_conv.cpp -- every convolution, all three parts of it, and every view that samples keep the laws.
#include "../laws.hpp"

using namespace laws;

TEST(laws, convolutions) { check_all<knit::catalogue::convolutions, use<e<3, 2, 2, 4>, e<19, 5, 2, 3>>>(); }
TEST(laws, parts_of_convolutions) {
  using filter = e<3, 2, 2, 4>;
  using image = e<20, 5, 2, 3>;
  int uses = 0;
  check_use<knit::conv_op<2, 1, knit::conv_part::image>>(use<filter, e<10, 3, 4, 3>, image>{}, uses);
  check_use<knit::conv_op<2, 0, knit::conv_part::filter>>(use<e<9, 2, 4, 3>, image, filter>{}, uses);  // where nothing is outside
}
TEST(laws, samples) {
  check_all<knit::catalogue::samples, use<e<37, 4, 2>>>();
  check_all<knit::catalogue::samples_like, use<e<5, 4>, e<7, 6>>, use<e<>, e<3, 3>>>();
}
