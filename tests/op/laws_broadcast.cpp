// SPDX-License-Identifier: BSL-1.0
// laws_broadcast.cpp -- every op of two operands keeps the laws where one or both are repeated.
#include "../laws.hpp"

using namespace laws;

TEST(laws, broadcast) {
  check_all<knit::catalogue::binary, use<e<5, 4>, e<5>>, use<e<1, 4>, e<5, 4>>, use<e<19>, e<1, 6>>, use<e<>, e<5, 4>>>();
}
