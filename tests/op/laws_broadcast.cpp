// SPDX-License-Identifier: BSL-1.0
// laws_broadcast.cpp -- arithmetic keeps the laws where one or both operands are repeated; slow_laws_broadcast.cpp has the
// other ops, for what repeats is no business of an op.
#include "../laws.hpp"

using namespace laws;

TEST(laws, broadcast) {
  check_all<mp::mp_take_c<knit::catalogue::binary, 5>, use<e<5, 4>, e<5>>, use<e<1, 4>, e<5, 4>>, use<e<19>, e<1, 6>>,
            use<e<>, e<5, 4>>>();
}
