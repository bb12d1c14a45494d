// SPDX-License-Identifier: BSL-1.0
// laws_unary.cpp -- every op of one operand keeps the laws.
#include "../laws.hpp"

using namespace laws;

TEST(laws, unary) { check_all<knit::catalogue::unary, use<e<>>, use<e<7>>, use<e<1, 5>>, use<e<37, 13>>, use<e<3, 2, 2>>>(); }
