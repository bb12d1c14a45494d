// SPDX-License-Identifier: BSL-1.0
// slow_cuda_contractions.cpp -- in: more products and einsum of many letters, at odd sizes. out: on the CUDA backend's blocks what the
// scalar backend gives in double, whatever lies where, the same to the bit whatever the order of blocks and threads.

#include "cuda_contractions.hpp"

namespace {

using namespace arrays;
using blocks::check, blocks::check_labels, blocks::products_of;  // arrays::check is of threads

TEST(einsum_on_blocks, batches_of_matrices) {
  check_labels<float, "mkb,knb->mnb", 64, 32, 3, 28>();
  check_labels<double, "mnb,knb->mkb", 36, 21, 12, 5>();
  check_labels<float, "mkb,knb->nmb", 1, 5, 7, 3>();
}
TEST(einsum_on_blocks, batches_in_lanes) {
  check_labels<float, "bmk,bkn->bmn", 37, 9, 23, 19>();
  check_labels<float, "bk,bk->b", 133, 101>();
  check_labels<float, "mkb,knb->bnm", 12, 21, 11, 19>();
}
TEST(einsum_on_blocks, letters_of_one_operand) {
  check_labels<float, "mk,knb->mnb", 37, 21, 19, 11>();
  check_labels<float, "m,n->mn", 36, 21>();
}
TEST(einsum_on_blocks, several_terms) {
  check_labels<float, "kbm,kbn->mn", 21, 11, 37, 19>();
  check_labels<float, "bmkl,bkln->bmn", 21, 9, 5, 7, 19>();
}
TEST(einsum_on_blocks, to_a_number_or_long) { check_labels<double, "km,mk->", 133, 101>(); }
TEST(einsum_on_blocks, sums_what_one_operand_alone_has) { check_labels<float, "mx,y->", 37, 5, 3>(); }

// ---- products, wherever their operands lie -------------------------------------------------------------

TEST(products_on_blocks, of_whole_tiles) { products_of<float, product<64, 32, 48>>(); }
TEST(products_on_blocks, of_one_row) { products_of<float, product<1, 200, 60>>(); }
TEST(products_on_blocks, of_many_terms) { products_of<float, product<15, 3000, 2>>(); }

TEST(products_on_blocks, in_chains_and_with_vectors) {
  const auto a = make_array<float, 37, 64>(1);
  const auto b = make_array<float, 129, 37>(2);
  const auto x = make_array<float, 64, 50>(3);
  check(
      "b * relu(a * x)", [&] { return b * relu(a * x); }, 65 * 37);
  check(
      "transpose(u) * a", [&] { return transpose(make_array<float, 37>(5)) * a; }, 37);
}

}  // namespace
