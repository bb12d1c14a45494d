// SPDX-License-Identifier: BSL-1.0
// slow_simd_double_products.cpp -- in: products of matrices of double. out: what the scalar backend gives in double, at
// odd shapes, whatever lies where, the same to the bit for one to four threads.

#include "products.hpp"

namespace {

using namespace arrays;

template <class S> class products_of_double : public testing::Test {};
TYPED_TEST_SUITE(products_of_double, product_sizes_of_double);

TYPED_TEST(products_of_double, of_matrices_wherever_they_lie) {
  const product_operands<double, TypeParam> o;
  const double terms = TypeParam::k;
  check(
      "a * x", [&] { return o.a * o.x; }, terms);
  check(
      "transpose(at) * x", [&] { return transpose(o.at) * o.x; }, terms);
  check(
      "a * transpose(xt)", [&] { return o.a * transpose(o.xt); }, terms);
  check(
      "plain * plain", [&] { return o.plain_a() * o.plain_x(); }, terms);
  check(
      "plain * transpose(xt)", [&] { return o.plain_a() * transpose(o.xt); }, terms);
  check(
      "a * square(x)", [&] { return o.a * square(o.x); }, terms);
  check(
      "transpose(abs(at)) * x", [&] { return transpose(abs(o.at)) * o.x; }, terms);
}

}  // namespace
