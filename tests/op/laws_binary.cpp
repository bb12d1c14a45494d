// SPDX-License-Identifier: BSL-1.0
// laws_binary.cpp -- every op of two operands keeps the laws, on operands of one shape and of rank 0.
#include "../laws.hpp"

using namespace laws;

TEST(laws, binary) {
  check_all<knit::catalogue::binary, use<e<>, e<>>, use<e<7>, e<7>>, use<e<37, 13>, e<37, 13>>, use<e<5, 4>, e<>>>();
}
