// SPDX-License-Identifier: BSL-1.0
// contractions.cpp -- in: einsum of many letters, at odd sizes. out: what the scalar backend gives in double, whatever
// lies where, in float and double, the same to the bit for one to three threads.

#include "contractions.hpp"

using namespace contractions;

TEST(einsum, is_what_its_letters_say) {
  const auto a = make_array<float, 5, 3, 2>(1);
  const auto b = make_array<float, 4, 3, 7>(2);
  tensor y = einsum<"mkx, nky -> ynm">(a, b);
  static_assert(decltype(y)::shape == make_shape(7, 4, 5));
  tensor z = einsum<"mkx,nky->">(a, b);
  double all = 0;
  for (int m = 0; m < 5; ++m)
    for (int n = 0; n < 4; ++n)
      for (int i = 0; i < 7; ++i) {
        double sum = 0;
        for (int k = 0; k < 3; ++k)
          for (int x = 0; x < 2; ++x) sum += double(a(m, k, x)) * double(b(n, k, i));
        EXPECT_NEAR(y(i, n, m), sum, 1e-5);
        all += sum;
      }
  EXPECT_NEAR(z[0], all, 1e-4);
  const auto c = make_array<float, 3, 4, 2>(3);
  tensor w = bmm(a, c);
  static_assert(decltype(w)::shape == make_shape(5, 4, 2));
  for (int q = 0; q < 2; ++q) {
    double sum = 0;
    for (int k = 0; k < 3; ++k) sum += double(a(4, k, q)) * double(c(k, 3, q));
    EXPECT_NEAR(w(4, 3, q), sum, 1e-5);
  }
}
TEST(einsum, of_a_batch_is_cut_along_it) {
  using array = tensor<float, 64, 64, 32>;
  using P = compiled<knit::detail::evaluation<decltype(bmm(std::declval<array const&>(), std::declval<array const&>())), array>>;
  static_assert(P::plan.region_count == 1 && P::plan.regions[0].extent == 32 && P::plan.regions[0].slabs == 32);
}
TEST(einsum, batches_of_matrices) {
  check_labels<"mkb,knb->mnb", 37, 21, 11, 19>();
  check_labels<"mkb,knb->mnb", 1, 5, 7, 3>();
  check_labels<"mkb,knb->nmb", 37, 21, 11, 19>();
  check_labels<"dkhb,kqhb->dqhb", 13, 21, 3, 5, 35>();
}
TEST(einsum, batches_in_lanes) {
  check_labels<"bmk,bkn->bmn", 37, 9, 23, 19>();
  check_labels<"kb,kb->b", 1001, 133>();
  check_labels<"mn,mn->mn", 37, 21>();
  check_labels<"mkb,knb->bnm", 37, 21, 11, 19>();
}
TEST(einsum, letters_of_one_operand) {
  check_labels<"mk,knb->mnb", 37, 21, 19, 11>();
  check_labels<"a,bcd->bcda", 7, 67, 5, 9>();
}
TEST(einsum, several_terms) {
  check_labels<"kl,klnb->nb", 12, 9, 21, 31>();
  check_labels<"bmkl,bkln->bmn", 21, 9, 5, 7, 19>();
}
TEST(einsum, to_a_number_or_long) {
  check_labels<"km,mk->", 133, 1001>();
  check_labels<"nk,mk->mn", 3, 9001, 5>();
}
TEST(einsum, sums_what_one_operand_alone_has) { check_labels<"mx,y->m", 37, 5, 3>(); }
TEST(einsum, takes_its_operands_as_they_come) {
  const auto w = make_array<float, 67, 45>(1);
  const auto x = make_array<float, 45, 12, 9>(2);
  std::vector<std::uint8_t> memory;
  for (long i = 0; i < 45 * 12 * 9; ++i) memory.push_back(std::uint8_t(std::abs(arbitrary<float>(3, i)) * 4));
  const view<std::uint8_t, 45, 12, 9> bytes(memory.data());
  check(
      "bytes", [&] { return einsum<"mk,knb->mnb">(w, bytes); }, 2000);
  check(
      "bytes in lanes", [&] { return einsum<"mk,mnb->knb">(w, reshape<67, 12, 5>(view<std::uint8_t, 67, 60>(memory.data()))); },
      2000);
  check(
      "repeated",
      [&] {
        return einsum<"mkb,knb->mnb">(broadcast_like(make_array<float, 67, 1, 9>(4), reshape<67, 5, 9>(w)),
                                      make_array<float, 5, 12, 9>(5));
      },
      500);
  check(
      "turned", [&] { return einsum<"mkb,knb->mnb">(transpose<1, 0, 2>(x), x); }, 500);
  check(
      "panels whose columns are a batch", [&] { return einsum<"mb,mnb->nb">(w, make_array<float, 67, 30, 45>(6)); }, 500);
  check(
      "panels of a batch beside columns",
      [&] { return einsum<"nkb,kb->nb">(make_array<float, 67, 45, 40>(8), make_array<float, 45, 40>(7)); }, 500);
  check(
      "panels whose rows are columns", [&] { return einsum<"mkb,nk->mnb">(make_array<float, 37, 45, 9>(8), w); }, 500);
  check(
      "panels whose columns are terms", [&] { return einsum<"kl,klm->m">(w, make_array<float, 67, 45, 37>(9)); }, 3000);
  check(
      "panels whose rows are terms", [&] { return einsum<"mkl,kl->m">(make_array<float, 37, 67, 45>(9), w); }, 3000);
}

TEST(einsum, differentiates) {
  const auto q = make_array<float, 12, 21, 2, 9>(1);
  const auto k = make_array<float, 12, 21, 2, 9>(2);
  const auto v = make_array<float, 12, 21, 2, 9>(3);
  auto attention = [](auto q, auto k, auto v) {
    auto scores = softmax<0>(einsum<"dkhb,dqhb->kqhb">(k, q));
    return sum(square(einsum<"dkhb,kqhb->dqhb">(v, scores)));
  };
  check(
      "attention, keys", [&] { return grad<1>(diff(attention)(q, k, v)); }, 500);
  check(
      "attention, values", [&] { return grad<2>(diff(attention)(q, k, v)); }, 500);
  const auto w = make_array<float, 37, 21>(4);
  const auto x = make_array<float, 21, 12, 40>(5);
  auto shared = [](auto w, auto x) { return mean(square(tanh(einsum<"mk,knb->mnb">(w, x)))); };
  check(
      "a weight shared by a batch", [&] { return grad<0>(diff(shared)(w, x)); }, 50);
  auto batch = [](auto a, auto b) { return mean(square(bmm(a, b))); };
  check(
      "batches", [&] { return grad<1>(diff(batch)(make_array<float, 37, 21, 40>(6), x)); }, 50);
}
