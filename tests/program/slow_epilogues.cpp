// SPDX-License-Identifier: BSL-1.0
// slow_epilogues.cpp -- the same as epilogues.cpp at more sizes.

#include "epilogues.hpp"

using namespace epilogues_of_products;

TEST(epilogues, at_more_sizes) {
  at_size<float, 10, 17, 33>();
  at_size<float, 31, 40, 15>();
  at_size<float, 33, 20, 45>();
  at_size<float, 10, 100, 300>();
  at_size<double, 10, 30, 41>();
}
