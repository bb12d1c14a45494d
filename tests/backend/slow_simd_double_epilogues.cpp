// SPDX-License-Identifier: BSL-1.0
// slow_simd_double_epilogues.cpp -- in: what is computed from products of double, chains, vectors, parts. out: what the scalar
// backend gives in double, at odd shapes, the same to the bit for one to four threads.

#include "products.hpp"

namespace {

using namespace arrays;

template <class S> class epilogues_of_double : public testing::Test {};
TYPED_TEST_SUITE(epilogues_of_double, product_sizes_of_double);

TYPED_TEST(epilogues_of_double, after_products) {
  const product_operands<double, TypeParam> o;
  const double terms = TypeParam::k;
  check(
      "a * x + column, row", [&] { return abs(o.a * o.x + o.column) % o.row - o.row; }, terms);
  check(
      "its sum over rows", [&] { return sum<0>(relu(o.a * o.x + o.column)); }, terms * TypeParam::m);
  check(
      "its sum over columns", [&] { return sum<1>(o.a * o.x % o.row); }, terms * TypeParam::n);
}

TEST(products_of_double, in_chains_and_with_vectors) {
  const auto a = doubles<37, 65>(1);
  const auto b = doubles<129, 37>(2);
  const auto x = doubles<65, 50>(3);
  const auto v = doubles<65>(4);
  const auto u = doubles<37>(5);
  check(
      "b * relu(a * x)", [&] { return b * relu(a * x); }, 65 * 37);
  check(
      "relu(a * x) * transpose(relu(a * x))", [&] { return relu(a * x) * transpose(relu(a * x)); }, 65 * 65 * 50);
  check(
      "a * v", [&] { return a * v; }, 65);
  check(
      "transpose(u) * a", [&] { return transpose(u) * a; }, 37);
  check("u * transpose(v)", [&] { return u * transpose(v); });
  const auto xt = doubles<3, 5000>(6);
  check(
      "summed in parts", [&] { return softmax<0>(xt) * transpose(softmax<0>(xt)); }, 5000);
  check(
      "batched", [&] { return make<contract_op<"mkb", "knb", "mnb">>(reshape<37, 13, 5>(a), reshape<13, 50, 5>(x)); }, 13);
}

}  // namespace
