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

/// A loss of a derivative, whose own derivative reads one element later.
struct steep {
  template <class X> constexpr auto operator()(X const& x) const {
    return sum(square(grad<0>(diff([](auto z) { return sum(square(recurrence<1>(tanh(z), z))); })(x))));
  }
};
/// Columns as rows, so that a scan goes along those that there are, and across them in lanes.
struct along_turned {
  template <class X> constexpr auto operator()(X const& x) const {
    auto rows = transpose(x);
    return mean(square(cumsum<0>(rows))) + mean(square(recurrence_back<1>(0.5_c, tanh(rows))));
  }
};

struct growing {
  template <class X> constexpr auto operator()(X const& x) const { return sum(recurrence(2_c, x)); }
};
struct both_ways {
  template <class X> constexpr auto operator()(X const& x) const { return sum(square(cumsum<1>(cumsum<0>(tanh(x))))); }
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
  const auto on_blocks = of<F, cuda_on_host>(x...), apart = of<F, blocks::few_blocks_on_fibers>(x...);
  for (std::size_t i = 0; i < right.size(); ++i) {
    ASSERT_NEAR(on_blocks[i], right[i], 3e-5 * (1 + std::abs(right[i]))) << "number " << i << ", on blocks";
    ASSERT_NEAR(apart[i], right[i], 3e-5 * (1 + std::abs(right[i])))
        << "number " << i << ", on few blocks of threads that run apart";
  }
}

TEST(scan, along_instants_of_many_features) {
  using step = value_and_gradients<simd_backend, memory_of_instants, tensor<float, 300, 1>, tensor<float, 300, 120>>;
  static_assert(plan_of<step>::plan.parallel, "threads have to share it");
  static_assert(plan_of<step>::plan.regions[0].slabs > 1 && plan_of<step>::plan.regions[1].slabs == 1,
                "all but the last number is one region: what is read one element earlier is in the same slab");
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
  agrees_at<along_turned, 33, 5>();
  agrees_at<along_turned, 66, 17>();
  agrees_at<steep, 33, 5>();
  agrees_at<steep, 67, 5>();
}
/// What columns leave behind that are not there any more is not read.
template <class Backend> void forgets() {
  using namespace named_extents;
  value_and_gradients<Backend, steep, view<float, 5, batch>> used, fresh;
  const columns<5> many(7, 67), few(8, 33);
  tensor<float, 5, batch> d, right;
  used(view<float, 5, batch>(many.memory.data(), 67), d);
  used(view<float, 5, batch>(few.memory.data(), 33), d);
  fresh(view<float, 5, batch>(few.memory.data(), 33), right);
  ASSERT_EQ(d.size(), 5 * 33);
  for (long i = 0; i < d.size(); ++i) ASSERT_EQ(d[i], right[i]) << i;
}
TEST(scan, forgets_columns_that_have_gone) {
  forgets<scalar_backend<double>>();
  forgets<simd_backend>();
  forgets<cuda_on_host>();
}

TEST(scan, of_nothing_for_long_is_nothing) {  // though the product of the factors is beyond a float's range
  tensor<float, 400> x;
  x.fill([](long i) { return i < 300 ? 0.f : 1e-20f; });
  const auto right = of<growing, simd_backend>(x), got = of<growing, cuda_on_host>(x);
  EXPECT_NEAR(got[0], right[0], 1e-5 * right[0]);
  EXPECT_GT(right[0], 0);
}

TEST(scan, that_is_not_cut_says_why) {
  value_and_gradients<simd_backend, sums_of_rows, tensor<float, 400, 90>> along_rows;
  value_and_gradients<simd_backend, both_ways, tensor<float, 400, 90>> both;
  EXPECT_EQ(explain(along_rows).find("goes along the axis that is cut"), std::string::npos) << explain(along_rows);
  EXPECT_NE(explain(both).find("goes along the axis that is cut"), std::string::npos) << explain(both);
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
