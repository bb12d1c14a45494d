// SPDX-License-Identifier: BSL-1.0
// simd_products.cpp -- in: products of stored matrices. out: what plain loops in double give, at odd shapes, whatever lies
// where, the same to the bit for one to four threads.

#include "products.hpp"

namespace {

using namespace arrays;

template <class S> class products : public testing::Test {};
TYPED_TEST_SUITE(products, product_sizes);

TYPED_TEST(products, of_stored_matrices) {
  const product_operands<float, TypeParam> o;
  check(
      "a * x", [&] { return o.a * o.x; }, o, o.tolerance);
  check(
      "transpose(at) * x", [&] { return transpose(o.at) * o.x; }, o, o.tolerance);
  check(
      "a * transpose(xt)", [&] { return o.a * transpose(o.xt); }, o, o.tolerance);
  check(
      "transpose(at) * transpose(xt)", [&] { return transpose(o.at) * transpose(o.xt); }, o, o.tolerance);
}

TYPED_TEST(products, of_plain_matrices) {
  const product_operands<float, TypeParam> o;
  check(
      "plain * plain", [&] { return o.plain_a() * o.plain_x(); }, o, o.tolerance);
  check(
      "a * plain", [&] { return o.a * o.plain_x(); }, o, o.tolerance);
  check(
      "plain * x", [&] { return o.plain_a() * o.x; }, o, o.tolerance);
  check(
      "transpose(at) * plain", [&] { return transpose(o.at) * o.plain_x(); }, o, o.tolerance);
  check(
      "plain * transpose(xt)", [&] { return o.plain_a() * transpose(o.xt); }, o, o.tolerance);
}

}  // namespace
