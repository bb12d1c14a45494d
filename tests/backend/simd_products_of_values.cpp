// SPDX-License-Identifier: BSL-1.0
// simd_products_of_values.cpp -- in: products of computed matrices, and what is computed from products. out: what plain
// loops in double give, at odd shapes, the same to the bit for one to four threads.

#include "products.hpp"

#include <algorithm>

namespace {

using namespace arrays;

template <class S> class products_of_values : public testing::Test {};
TYPED_TEST_SUITE(products_of_values, product_sizes);

TYPED_TEST(products_of_values, of_computed_matrices) {
  const product_operands<float, TypeParam> o;
  auto squares = [&](position const& at) {
    double s = 0;
    for (int q = 0; q < TypeParam::k; ++q) {
      const double v = double(o.x(q, at[1]));
      s += double(o.a(at[0], q)) * v * v;
    }
    return s;
  };
  check(
      "a * square(x)", [&] { return o.a * square(o.x); }, squares, o.tolerance);
  check(
      "transpose(at) * square(x)", [&] { return transpose(o.at) * square(o.x); }, squares, o.tolerance);
  check(
      "a * transpose(square(xt))", [&] { return o.a * transpose(square(o.xt)); }, squares, o.tolerance);
  auto both = [&](position const& at) {
    double s = 0;
    for (int q = 0; q < TypeParam::k; ++q) s += std::abs(double(o.a(at[0], q))) * double(o.x(q, at[1]));
    return s;
  };
  check(
      "abs(a) * x", [&] { return abs(o.a) * o.x; }, both, o.tolerance);
  check(
      "transpose(abs(at)) * x", [&] { return transpose(abs(o.at)) * o.x; }, both, o.tolerance);
}

TYPED_TEST(products_of_values, with_epilogues) {
  constexpr int M = TypeParam::m, N = TypeParam::n;
  const product_operands<float, TypeParam> o;
  const auto column = floats<M>(3);
  const auto row = floats<1, N>(4);
  const auto whole = floats<M, N>(5);
  tensor<float> s;
  s[0] = 0.375f;
  check(
      "a * x + column, row, scalar", [&] { return abs(o.a * o.x + column) % row - s % whole; },
      [&](position const& at) {
        return std::abs(o(at) + double(column(at[0]))) * double(row(0, at[1])) - 0.375 * double(whole(at[0], at[1]));
      },
      o.tolerance);
  check(
      "its sum over rows", [&] { return sum<0>(relu(o.a * o.x + column)); },
      [&](position const& at) {
        double t = 0;
        for (int i = 0; i < M; ++i) t += std::max(0., o({i, at[1], 0, 0}) + double(column(i)));
        return t;
      },
      o.tolerance * M);
  check(
      "its sum over columns", [&] { return sum<1>(o.a * o.x % row); },
      [&](position const& at) {
        double t = 0;
        for (int j = 0; j < N; ++j) t += o({at[0], j, 0, 0}) * double(row(0, j));
        return t;
      },
      o.tolerance * N);
}

}  // namespace
