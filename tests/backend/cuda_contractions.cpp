// SPDX-License-Identifier: BSL-1.0
// cuda_contractions.cpp -- in: products and einsum of many letters, at odd sizes. out: on the CUDA backend's blocks what the
// scalar backend gives in double, whatever lies where, the same to the bit whatever the order of blocks and threads.

#include "letters.hpp"
#include "products.hpp"

#include "blocks.hpp"

namespace {

using namespace arrays;
using blocks::check;

template <class T, einsum_labels L, int... Size> void check_labels() {
  using s = sized<L, Size...>;
  std::string what = L.text;
  for (int n : {Size...}) what += " " + std::to_string(n);
  const auto a = s::template array<T, 0>(1);
  const auto b = s::template array<T, 1>(2);
  check(what, [&] { return 0.5 * relu(einsum<L>(2 * a, b)) + 1; }, 10. * std::max({Size...}));
}

TEST(einsum_on_blocks, batches_of_matrices) {
  check_labels<float, "mkb,knb->mnb", 37, 21, 11, 19>();
  check_labels<float, "mkb,knb->mnb", 64, 32, 3, 28>();
  check_labels<double, "mnb,knb->mkb", 36, 21, 12, 5>();
  check_labels<float, "mkb,knb->nmb", 1, 5, 7, 3>();
  check_labels<float, "mkb,kb->mb", 37, 45, 50>();
  check_labels<float, "dkhb,dqhb->kqhb", 13, 21, 3, 5, 9>();
}
TEST(einsum_on_blocks, batches_in_lanes) {
  check_labels<float, "bmk,bkn->bmn", 37, 9, 23, 19>();
  check_labels<double, "bmk,bkn->bmn", 64, 8, 16, 4>();
  check_labels<float, "bk,bk->b", 133, 101>();
  check_labels<float, "kb,kb->b", 1001, 13>();
  check_labels<float, "mkb,knb->bnm", 12, 21, 11, 19>();
}
TEST(einsum_on_blocks, letters_of_one_operand) {
  check_labels<float, "mk,knb->mnb", 37, 21, 19, 11>();
  check_labels<double, "mk,knb->bnm", 37, 21, 3, 40>();
  check_labels<float, "m,n->mn", 36, 21>();
  check_labels<float, "a,bcd->bcda", 7, 17, 5, 9>();
}
TEST(einsum_on_blocks, several_terms) {
  check_labels<float, "mkb,knb->mn", 37, 21, 11, 19>();
  check_labels<double, "kl,klnb->nb", 12, 9, 21, 31>();
  check_labels<float, "kbm,kbn->mn", 21, 11, 37, 19>();
  check_labels<float, "bmkl,bkln->bmn", 21, 9, 5, 7, 19>();
}
TEST(einsum_on_blocks, to_a_number_or_long) {
  check_labels<float, "k,k->", 7001>();
  check_labels<double, "km,mk->", 133, 101>();
  check_labels<float, "kn,km->mn", 9001, 5, 6>();
}
TEST(einsum_on_blocks, sums_what_one_operand_alone_has) {
  check_labels<float, "mkx,kny->mn", 37, 21, 3, 19, 5>();
  check_labels<float, "mx,y->", 37, 5, 3>();
}

// ---- products, wherever their operands lie -------------------------------------------------------------

template <class T, class Size> void products_of() {
  const product_operands<T, Size> o;
  const double terms = Size::k;
  check("a * x", [&] { return o.a * o.x; }, terms);
  check("transpose(at) * x", [&] { return transpose(o.at) * o.x; }, terms);
  check("a * transpose(plain)", [&] { return o.a * transpose(transpose(o.plain_x())); }, terms);
  check("plain * transpose(xt)", [&] { return o.plain_a() * transpose(o.xt); }, terms);
  check("an epilogue", [&] { return abs(o.a * square(o.x) + o.column) % o.row - o.row; }, terms);
  check("its sum over rows", [&] { return sum<0>(relu(o.a * o.x + o.column)); }, terms * Size::m);
  check("its sum over columns", [&] { return sum<1>(o.a * o.x % o.row); }, terms * Size::n);
}
TEST(products_on_blocks, of_odd_extents) { products_of<float, product<37, 65, 129>>(); }
TEST(products_on_blocks, of_whole_tiles) { products_of<float, product<64, 32, 48>>(); }
TEST(products_on_blocks, of_double) { products_of<double, product<20, 17, 31>>(); }
TEST(products_on_blocks, of_one_row) { products_of<float, product<1, 200, 60>>(); }
TEST(products_on_blocks, of_many_terms) { products_of<float, product<15, 3000, 2>>(); }

TEST(products_on_blocks, in_chains_and_with_vectors) {
  const auto a = make_array<float, 37, 64>(1);
  const auto b = make_array<float, 129, 37>(2);
  const auto x = make_array<float, 64, 50>(3);
  check("b * relu(a * x)", [&] { return b * relu(a * x); }, 65 * 37);
  check("relu(a * x) * transpose(relu(a * x))", [&] { return relu(a * x) * transpose(relu(a * x)); }, 65 * 65 * 50);
  check("a * v", [&] { return a * make_array<float, 64>(4); }, 65);
  check("transpose(u) * a", [&] { return transpose(make_array<float, 37>(5)) * a; }, 37);
  check("with a sum in parts", [&, xt = make_array<float, 3, 5000>(6)] { return softmax<0>(xt) * transpose(softmax<0>(xt)); }, 5000);
  check("of a reshape", [&] { return a * reshape<64, 5>(make_array<float, 10, 32>(7)); }, 64);
}

}  // namespace
