// SPDX-License-Identifier: BSL-1.0
// cuda_lane.cpp -- in: lane.hpp. out: sums and products are rounded one by one on a host, too.
#include <knit_kernels/cuda/lane.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace {

using knit::cuda::lane;

template <class T> [[gnu::noinline]] lane<T> sum_of_product(lane<T> a, lane<T> b, lane<T> c) { return a * b + c; }
template <class T> lane<T> difference_of(lane<T> a, lane<T> b, lane<T> c) { return a * b - c; }
template <class T> [[gnu::noinline]] lane<T> difference_of_product(lane<T> a, lane<T> b, lane<T> c) {
  return difference_of(a, b, c);
}

template <class T> void rounds_twice() {
  T const volatile a = 1 + std::numeric_limits<T>::epsilon();  // so that nothing is known before it runs
  const T product = 1 + 2 * std::numeric_limits<T>::epsilon();  // but for a rounding
  EXPECT_EQ(sum_of_product<T>(a, a, -product).v, 0);
  EXPECT_EQ(difference_of_product<T>(a, a, product).v, 0);
  EXPECT_NE(fma(lane<T>(a), lane<T>(a), lane<T>(-product)).v, 0);
}
/// As a block's threads in a loop, of which a compiler makes vectors.
template <class T> [[gnu::noinline]] void differences_of_products(T* to, T const* a, T const* b, T const* c, int n) {
  for (int i = 0; i < n; ++i) to[i] = difference_of<T>(a[i], b[i], c[i]).v;
}
template <class T> void rounds_twice_in_loops() {
  constexpr int n = 64;
  const T e = std::numeric_limits<T>::epsilon();
  std::vector<T> a(n, 1 + e), product(n, 1 + 2 * e), to(n, 1);
  differences_of_products(to.data(), a.data(), a.data(), product.data(), n);
  EXPECT_EQ(to, std::vector<T>(n, 0));
}
TEST(lanes_of_blocks, round_sums_and_products_one_by_one) {
  rounds_twice<float>();
  rounds_twice<double>();
  rounds_twice_in_loops<float>();
  rounds_twice_in_loops<double>();
}

}  // namespace
