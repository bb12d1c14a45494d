// SPDX-License-Identifier: BSL-1.0
// blocks_shapes.cpp -- every reduction, view and contraction gives on the CUDA backend's blocks what it gives on plain numbers.
#include "blocks.hpp"

using namespace laws;

TEST(laws_on_blocks, reductions) {
  check_all_by<in_float, knit::catalogue::reductions, use<e<37, 13>>, use<e<64, 3>>>();
  check_all_by<in_double, knit::catalogue::reductions, use<e<4, 5, 2>>>();
}
TEST(laws_on_blocks, views) {
  check_all_by<in_float, knit::catalogue::views, use<e<12>>, use<e<37, 13>>, use<e<3, 4>>>();
  check_all_by<in_double, knit::catalogue::views, use<e<1, 12>>, use<e<3, 2, 2>>>();
}

template <class Op> using takes_two = mp::mp_bool<Op::arity == 1>;

TEST(laws_on_blocks, like) {
  using of_two = mp::mp_copy_if<knit::catalogue::like, takes_two>;
  check_all_by<in_float, of_two, use<e<5>, e<5, 4>>, use<e<36, 13>, e<1, 13>>, use<e<3, 4>, e<2, 6>>>();
  check_all_by<in_double, of_two, use<e<>, e<8, 4>>, use<e<8, 4>, e<8>>, use<e<12>, e<3, 4>>>();
  check_all_by<in_float, mp::mp_remove_if<knit::catalogue::like, takes_two>, use<e<7>>, use<e<36, 13>>>();
}
TEST(laws_on_blocks, contractions) {
  using products = mp::mp_list<knit::contract_op<"mk", "kn", "mn">>;
  using others = mp::mp_list<knit::contract_op<"mk", "k", "m">>;
  check_all_by<in_float, products, use<e<37, 13>, e<13, 29>>, use<e<1, 7>, e<7, 5>>, use<e<64, 32>, e<32, 16>>>();
  check_all_by<in_double, products, use<e<36, 20>, e<20, 8>>, use<e<5, 1>, e<1, 4>>>();
  check_all_by<in_float, others, use<e<37, 13>, e<13>>, use<e<64, 32>, e<32>>>();
  check_all_by<in_double, others, use<e<5, 3>, e<3>>>();
  static_assert(mp::mp_size<knit::catalogue::contractions>::value == 2, "one more contraction: list it above");
}
