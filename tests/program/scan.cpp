// SPDX-License-Identifier: BSL-1.0
// scan.cpp -- in: programs with scans among other operations. out: the numbers of the oracle in double, the same bits on any number
// of threads, with extents that are known at run time, and lines of many threads on blocks.
#include <cmath>
#include <vector>

#include "../backend/blocks.hpp"
#include "named_extents.hpp"

namespace {

using namespace knit;
using named_extents::computed, named_extents::filled;

/// What flows from one instant, a column, into the next: a forgetful average of features, and what is made of it.
struct memory_of_instants {
  template <class A, class X> constexpr auto operator()(A const& a, X const& x) const {
    auto rate = sigm(a);
    auto h = recurrence<1>(rate, (1 - rate) % tanh(x));
    return mean(square(h % x)) + sum(max<1>(h));
  }
};
struct returns {
  template <class X> constexpr auto operator()(X const& x) const {
    return mean(square(recurrence_back<1>(0.9_c, x) - cumsum<1>(x)));
  }
};
struct sums_of_rows {
  template <class X> constexpr auto operator()(X const& x) const { return mean(square(cumsum<0>(sigm(x)) - mean<0>(x))); }
};

template <class F, class Backend, class... X> std::vector<double> of(X const&... x) {
  value_and_gradients<Backend, F, X...> f;
  std::tuple<X...> d{X()...};
  std::vector<double> all;
  std::apply([&](auto&... dx) { all.push_back(double(f(x..., dx...))); }, d);
  std::apply(
      [&](auto const&... dx) {
        (
            [&] {
              for (long i = 0; i < dx.size(); ++i) all.push_back(double(dx[i]));
            }(),
            ...);
      },
      d);
  return all;
}
template <class F, class... X> void agrees(X const&... x) {
  const auto right = of<F, scalar_backend<double>>(x...);
  std::vector<double> first;
  for (int threads : {1, 2, 3}) {
    thread_count() = threads;
    const auto got = of<F, simd_backend>(x...);
    ASSERT_EQ(got.size(), right.size());
    for (std::size_t i = 0; i < right.size(); ++i)
      ASSERT_NEAR(got[i], right[i], 3e-5 * (1 + std::abs(right[i]))) << "number " << i << ", " << threads << " threads";
    if (threads == 1) first = got;
    else EXPECT_EQ(first, got) << threads << " threads";
  }
  thread_count() = 0;
  const auto on_blocks = of<F, cuda_on_host>(x...);
  for (std::size_t i = 0; i < right.size(); ++i)
    ASSERT_NEAR(on_blocks[i], right[i], 3e-5 * (1 + std::abs(right[i]))) << "number " << i << ", on blocks";
}

TEST(scan, along_instants_of_many_features) {
  using step = value_and_gradients<simd_backend, memory_of_instants, tensor<float, 300, 1>, tensor<float, 300, 120>>;
  static_assert(plan_of<step>::plan.parallel, "threads have to share it");
  agrees<memory_of_instants>(filled<300, 1>(1), filled<300, 120>(2));
}
TEST(scan, with_a_factor_for_each_instant) { agrees<memory_of_instants>(filled<35, 220>(3), filled<35, 220>(4)); }
TEST(scan, along_columns) { agrees<sums_of_rows>(filled<400, 90>(5)); }
TEST(scan, from_both_ends) { agrees<returns>(filled<17, 130>(6)); }

template <class F, int N, long Rows> void agrees_at() {
  using named_extents::batch;
  const auto right = computed<scalar_backend<double>, F, N, Rows>(N);
  const auto oracle = computed<scalar_backend<double>, F, batch, Rows>(N);
  const auto got = computed<simd_backend, F, batch, Rows>(N);
  const auto on_blocks = computed<cuda_on_host, F, batch, Rows>(N);
  for (std::size_t i = 0; i < right.size(); ++i) {
    EXPECT_NEAR(right[i], oracle[i], 1e-7 * (1 + std::abs(right[i]))) << N << " columns, number " << i;
    EXPECT_NEAR(right[i], got[i], 3e-5 * (1 + std::abs(right[i]))) << N << " columns, number " << i;
    EXPECT_NEAR(right[i], on_blocks[i], 3e-5 * (1 + std::abs(right[i]))) << N << " columns on blocks, number " << i;
  }
}
TEST(scan, ends_where_columns_do) {
  agrees_at<returns, 1, 5>();
  agrees_at<returns, 33, 5>();
  agrees_at<returns, 67, 5>();
  agrees_at<sums_of_rows, 33, 21>();
}

TEST(scan, reads_the_old_elements_of_what_it_is_assigned_to) {
  tensor<float, 5> x;
  x.fill([](long i) { return float(i + 1); });
  x = cumsum(x);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(x[i], float((i + 1) * (i + 2) / 2));
  const tensor y = recurrence(0.5f, x);
  EXPECT_EQ(y[1], 3.5f);
}

}  // namespace
