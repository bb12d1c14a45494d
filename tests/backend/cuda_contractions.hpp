// SPDX-License-Identifier: BSL-1.0
// cuda_contractions.hpp -- in: an einsum or a product, and sizes. out: on the CUDA backend's blocks, in forms of its operands and
// with epilogues, what the scalar backend gives.
#pragma once
#include "blocks.hpp"
#include "letters.hpp"
#include "products.hpp"

namespace blocks {

using namespace arrays;

template <class T, einsum_labels L, int... Size> void check_labels() {
  using s = sized<L, Size...>;
  std::string what = L.text;
  for (int n : {Size...}) what += " " + std::to_string(n);
  const auto a = s::template array<T, 0>(1);
  const auto b = s::template array<T, 1>(2);
  check(
      what, [&] { return 0.5 * relu(einsum<L>(2 * a, b)) + 1; }, 10. * std::max({Size...}));
}

/// A product, wherever its operands lie.
template <class T, class Size> void products_of() {
  const product_operands<T, Size> o;
  const double terms = Size::k;
  check(
      "a * x", [&] { return o.a * o.x; }, terms);
  check(
      "transpose(at) * x", [&] { return transpose(o.at) * o.x; }, terms);
  check(
      "a * transpose(plain)", [&] { return o.a * transpose(transpose(o.plain_x())); }, terms);
  check(
      "plain * transpose(xt)", [&] { return o.plain_a() * transpose(o.xt); }, terms);
  check(
      "an epilogue", [&] { return abs(o.a * square(o.x) + o.column) % o.row - o.row; }, terms);
  check(
      "its sum over rows", [&] { return sum<0>(relu(o.a * o.x + o.column)); }, terms * Size::m);
  check(
      "its sum over columns", [&] { return sum<1>(o.a * o.x % o.row); }, terms * Size::n);
}

}  // namespace blocks
