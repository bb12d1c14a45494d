// SPDX-License-Identifier: BSL-1.0
// slow_contractions.cpp -- in: more einsum of many letters, at odd sizes. out: what contractions.cpp asks for.

#include "contractions.hpp"

using namespace contractions;

TEST(einsum, batches_of_matrices) {
  check_labels<"mkb,knb->mnb", 64, 32, 3, 28>();
  check_labels<"mnb,knb->mkb", 37, 21, 11, 19>();
  check_labels<"mkb,mnb->knb", 37, 21, 11, 19>();
  check_labels<"kmb,nkb->mnb", 37, 21, 11, 19>();
  check_labels<"mkb,kb->mb", 37, 45, 150>();
  check_labels<"dkhb,dqhb->kqhb", 13, 21, 3, 5, 35>();
}
TEST(einsum, batches_in_lanes) {
  check_labels<"bmk,bkn->bmn", 64, 8, 16, 4>();
  check_labels<"bkm,bnk->bnm", 5, 2, 3, 7>();
  check_labels<"bk,bk->b", 133, 1001>();
  check_labels<"kb,kbc->bc", 45, 67, 41>();
  check_labels<"mk,m->mk", 37, 21>();
}
TEST(einsum, letters_of_one_operand) {
  check_labels<"mk,knb->bnm", 37, 21, 3, 40>();
  check_labels<"mk,knbc->mnbc", 67, 21, 9, 3, 4>();
  check_labels<"kmc,kn->mnc", 21, 37, 11, 19>();
  check_labels<"m,n->mn", 37, 21>();
  check_labels<"ma,nb->mnab", 37, 5, 19, 11>();
}
TEST(einsum, several_terms) {
  check_labels<"mkb,knb->mn", 37, 21, 11, 19>();
  check_labels<"mnb,knb->mk", 37, 19, 40, 21>();
  check_labels<"mkb,kb->m", 37, 21, 200>();
  check_labels<"mkl,kl->m", 37, 45, 67>();
  check_labels<"kbm,kbn->mn", 21, 11, 37, 19>();
  check_labels<"mkab,knab->mn", 37, 5, 3, 11, 19>();
}
TEST(einsum, to_a_number_or_long) {
  check_labels<"k,k->", 70001>();
  check_labels<"mk,mk->", 133, 1001>();
  check_labels<"kn,k->n", 9001, 7>();
  check_labels<"kn,km->mn", 9001, 5, 6>();
}
TEST(einsum, sums_what_one_operand_alone_has) {
  check_labels<"mkx,kny->mn", 37, 21, 3, 19, 5>();
  check_labels<"mx,y->", 37, 5, 3>();
}
