// SPDX-License-Identifier: BSL-1.0
// slow_laws_broadcast.cpp -- the ops that laws_broadcast.cpp leaves out keep the laws where operands are repeated.
#include "../laws.hpp"

using namespace laws;

TEST(laws, broadcast_of_others) {
  check_all<mp::mp_drop_c<knit::catalogue::binary, 5>, use<e<5, 4>, e<5>>, use<e<1, 4>, e<5, 4>>, use<e<19>, e<1, 6>>,
            use<e<>, e<5, 4>>>();
}
