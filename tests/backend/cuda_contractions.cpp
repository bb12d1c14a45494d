// SPDX-License-Identifier: BSL-1.0
// cuda_contractions.cpp -- in: products and einsum of many letters, at odd sizes. out: on the CUDA backend's blocks what the
// scalar backend gives in double, whatever lies where, the same to the bit whatever the order of blocks and threads.

#include "cuda_contractions.hpp"

namespace {

using namespace arrays;
using blocks::check, blocks::check_labels, blocks::products_of;  // arrays::check is of threads

TEST(einsum_on_blocks, batches_of_matrices) {
  check_labels<float, "mkb,knb->mnb", 37, 21, 11, 19>();
  check_labels<float, "mkb,kb->mb", 37, 45, 50>();
  check_labels<float, "dkhb,dqhb->kqhb", 13, 21, 3, 5, 9>();
}
TEST(einsum_on_blocks, batches_in_lanes) {
  check_labels<double, "bmk,bkn->bmn", 64, 8, 16, 4>();
  check_labels<float, "kb,kb->b", 1001, 13>();
}
TEST(einsum_on_blocks, letters_of_one_operand) {
  check_labels<double, "mk,knb->bnm", 37, 21, 3, 40>();
  check_labels<float, "a,bcd->bcda", 7, 17, 5, 9>();
}
TEST(einsum_on_blocks, several_terms) {
  check_labels<float, "mkb,knb->mn", 37, 21, 11, 19>();
  check_labels<double, "kl,klnb->nb", 12, 9, 21, 31>();
}
TEST(einsum_on_blocks, to_a_number_or_long) {
  check_labels<float, "k,k->", 7001>();
  check_labels<float, "kn,km->mn", 9001, 5, 6>();
}
TEST(einsum_on_blocks, sums_what_one_operand_alone_has) { check_labels<float, "mkx,kny->mn", 37, 21, 3, 19, 5>(); }

// ---- products, wherever their operands lie -------------------------------------------------------------

TEST(products_on_blocks, of_odd_extents) { products_of<float, product<37, 65, 129>>(); }
TEST(products_on_blocks, of_double) { products_of<double, product<20, 17, 31>>(); }

TEST(products_on_blocks, in_chains_and_with_vectors) {
  const auto a = make_array<float, 37, 64>(1);
  const auto x = make_array<float, 64, 50>(3);
  check(
      "relu(a * x) * transpose(relu(a * x))", [&] { return relu(a * x) * transpose(relu(a * x)); }, 65 * 65 * 50);
  check(
      "a * v", [&] { return a * make_array<float, 64>(4); }, 65);
  check(
      "with a sum in parts", [&, xt = make_array<float, 3, 5000>(6)] { return softmax<0>(xt) * transpose(softmax<0>(xt)); }, 5000);
  check(
      "of a reshape", [&] { return a * reshape<64, 5>(make_array<float, 10, 32>(7)); }, 64);
}

/// How steep a layer's value is by what it reads: derivatives of that are second ones.
struct steepness {
  struct value {
    constexpr auto operator()(auto w, auto x) const { return sum(square(tanh(w * x))); }
  };
  constexpr auto operator()(auto w, auto x) const { return sum(square(grad<1>(diff(value{})(w, x)))); }
};
TEST(products_on_blocks, differentiated_twice) {
  const auto w = make_array<float, 36, 21>(1);
  const auto x = make_array<float, 21, 40>(2);
  check(
      "by the weights", [&] { return grad<0>(diff(steepness{})(w, x)); }, 36 * 40);
}

}  // namespace
