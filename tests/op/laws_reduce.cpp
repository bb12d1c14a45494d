// SPDX-License-Identifier: BSL-1.0
// laws_reduce.cpp -- every reduction keeps the laws.
#include "../laws.hpp"

using namespace laws;

TEST(laws, reductions) {
  check_all<knit::catalogue::reductions, use<e<>>, use<e<7>>, use<e<37, 13>>, use<e<1, 5>>, use<e<5, 1>>, use<e<64, 3>>,
            use<e<3, 5, 2>>>();
}
