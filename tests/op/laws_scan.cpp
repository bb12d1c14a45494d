// SPDX-License-Identifier: BSL-1.0
// laws_scan.cpp -- every scan keeps the laws.
#include "../laws.hpp"

using namespace laws;

TEST(laws, scans) {
  check_all<mp::mp_take_c<knit::catalogue::scans, 2>, use<e<7>, e<7>>, use<e<>, e<37>>>();
  check_all<knit::catalogue::scans, use<e<19, 5>, e<19, 5>>, use<e<19>, e<19, 3>>, use<e<1, 6>, e<5, 6>>, use<e<1>, e<1, 4>>,
            use<e<3, 4, 2>, e<3, 4, 2>>>();
}
