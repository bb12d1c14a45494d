// SPDX-License-Identifier: BSL-1.0
// products.hpp -- what the tests of products share: sizes, and operands in every place where they may lie.
#pragma once
#include "arrays.hpp"

namespace arrays {

/// Rows x Inner times Inner x Columns.
template <int Rows, int Inner, int Columns> struct product {
  static constexpr int m = Rows, k = Inner, n = Columns;
};

// The last of each sums over more than a packed operand holds; rows of double fill no panel, half of one, one and a half.
using product_sizes =
    testing::Types<product<37, 65, 129>, product<1, 5, 3>, product<33, 1, 31>, product<1, 200, 600>, product<15, 9000, 2>>;
using product_sizes_of_double =
    testing::Types<product<37, 65, 129>, product<1, 5, 3>, product<48, 17, 31>, product<17, 1, 31>, product<15, 9000, 2>>;

template <class T, class Size> struct product_operands {
  static constexpr int M = Size::m, K = Size::k, N = Size::n;
  tensor<T, M, K> a = make_array<T, M, K>(1);
  tensor<T, K, N> x = make_array<T, K, N>(2);
  tensor<T, K, M> at;
  tensor<T, N, K> xt;
  plain_array<T, M, K> plain_a{1};
  plain_array<T, K, N> plain_x{2};
  tensor<T, M> column = make_array<T, M>(3);
  tensor<T, 1, N> row = make_array<T, 1, N>(4);
  product_operands() {
    for (int i = 0; i < M; ++i)
      for (int j = 0; j < K; ++j) at(j, i) = a(i, j);
    for (int i = 0; i < K; ++i)
      for (int j = 0; j < N; ++j) xt(j, i) = x(i, j);
  }
  /// An element of a * x, and how far float may be from it.
  double operator()(position const& p) const {
    double s = 0;
    for (int q = 0; q < K; ++q) s += double(a(p[0], q)) * double(x(q, p[1]));
    return s;
  }
  double tolerance = 3e-7 * (K + 8);
};

}  // namespace arrays
