// SPDX-License-Identifier: BSL-1.0
// laws_shape.cpp -- views, and ops that take a shape from an operand, keep the laws.
#include "../laws.hpp"

using namespace laws;

TEST(laws, views) {
  check_all<knit::catalogue::views, use<e<>>, use<e<7>>, use<e<12>>, use<e<1, 12>>, use<e<37, 13>>, use<e<3, 4>>, use<e<6, 2>>,
            use<e<3, 2, 2>>>();
}

template <class Op> using takes_two = mp::mp_bool<Op::arity == 1>;

TEST(laws, like_of_two) {
  check_all<mp::mp_copy_if<knit::catalogue::like, takes_two>, use<e<>, e<>>, use<e<>, e<5, 4>>, use<e<5, 4>, e<>>,
            use<e<5>, e<5, 4>>, use<e<5, 4>, e<5>>, use<e<1, 13>, e<37, 13>>, use<e<37, 13>, e<1, 13>>, use<e<37, 13>, e<37, 13>>,
            use<e<12>, e<3, 4>>, use<e<3, 4>, e<2, 6>>, use<e<3, 4>, e<1, 12>>>();
}

TEST(laws, like_of_one) {
  check_all<mp::mp_remove_if<knit::catalogue::like, takes_two>, use<e<>>, use<e<7>>, use<e<1, 5>>, use<e<37, 13>>,
            use<e<3, 2, 2>>>();
}
