// SPDX-License-Identifier: BSL-1.0
// laws_ternary.cpp -- every op of three operands keeps the laws.
#include "../laws.hpp"

using namespace laws;

TEST(laws, ternary) {
  check_all<knit::catalogue::ternary, use<e<>, e<>, e<>>, use<e<7>, e<7>, e<7>>, use<e<37, 13>, e<37, 13>, e<37, 13>>,
            use<e<5, 4>, e<5>, e<1, 4>>, use<e<5>, e<5, 4>, e<>>, use<e<1, 4>, e<>, e<5>>>();
}
