// SPDX-License-Identifier: BSL-1.0
// simd_reductions.cpp -- in: reductions over any axes. out: what plain loops in double give, at odd shapes, the same to the bit
// for one to four threads.

#include "arrays.hpp"

#include <algorithm>

namespace {

using namespace arrays;

template <int... Axes> constexpr std::array<bool, max_rank> axes() {
  std::array<bool, max_rank> a{};
  ((a[Axes] = true), ...);
  if (sizeof...(Axes) == 0) a.fill(true);
  return a;
}

/// sum, max and mean over Axes of an array of extents N, alone, of maps and read by maps.
template <int... Axes, long... N> void reductions(extents<N...>) {
  static constexpr shape s = extents<N...>::value;
  const auto a = floats<N...>(1);
  const auto b = floats<N...>(2);
  auto element = [](auto const& t, position const& x) { return double(t[offset(s, x)]); };
  constexpr auto reduced = axes<Axes...>();
  shape kept = s;
  double count = 1;
  for (int q = 0; q < max_rank; ++q)
    if (reduced[std::size_t(q)]) count *= s.extent[q], kept.extent[q] = 1;
  std::vector<double> of_b(std::size_t(kept.size()), 0), of_both = of_b, largest(of_b.size(), -1e30);
  each_index(s, [&](position const& x) {
    const auto o = std::size_t(offset(kept, x));
    of_b[o] += element(b, x);
    of_both[o] += element(a, x) * element(a, x) * element(b, x);
    largest[o] = std::max(largest[o], element(a, x));
  });
  auto from = [&](std::vector<double> const& v) { return [&](position const& at) { return v[std::size_t(offset(kept, at))]; }; };
  const double tolerance = 5e-6 * std::sqrt(count);
  check(
      "max", [&] { return knit::max<Axes...>(a); }, from(largest), 0);
  check(
      "sum of a map", [&] { return sum<Axes...>(square(a) % b); }, from(of_both), tolerance);
  check(
      "a map of two reductions", [&] { return a % mean<Axes...>(b) - knit::max<Axes...>(a); },
      [&](position const& x) { return element(a, x) * from(of_b)(x) / count - from(largest)(x); }, tolerance / count + 2e-7);
}

TEST(reductions, of_vectors) {
  reductions(extents<7>{});
  reductions<0>(extents<513>{});
  reductions(extents<300001>{});
}
TEST(reductions, of_matrices) {
  reductions(extents<37, 129>{});
  reductions<0>(extents<37, 129>{});
  reductions<1>(extents<37, 129>{});
  reductions<1>(extents<1, 50>{});
  reductions<0>(extents<50, 1>{});
}
TEST(reductions, of_large_matrices) {
  reductions(extents<301, 703>{});
  reductions<0>(extents<301, 703>{});
  reductions<1>(extents<301, 703>{});
  reductions<1>(extents<3, 90001>{});
  reductions<0>(extents<90001, 3>{});
}
TEST(reductions, in_parts_are_read_again_and_again) {
  // Sums over the slabs' axis, which each of many elements needs.
  const auto v = floats<100000>(1);
  double all = 0;
  for (long i = 0; i < 100000; ++i) all += std::exp(double(v[i]));
  check(
      "softmax", [&] { return 1000 * softmax(v); }, [&](position const& at) { return 1000 * std::exp(double(v[at[0]])) / all; },
      1e-5);
  const auto m = floats<37, 5000>(2);
  std::vector<double> rows(37), most(37, -2);
  for (int r = 0; r < 37; ++r)
    for (int c = 0; c < 5000; ++c)
      rows[std::size_t(r)] += std::exp(double(m(r, c))), most[std::size_t(r)] = std::max(most[std::size_t(r)], double(m(r, c)));
  check(
      "softmax<1>", [&] { return 1000 * softmax<1>(m); },
      [&](position const& at) { return 1000 * std::exp(double(m(at[0], at[1]))) / rows[std::size_t(at[0])]; }, 1e-5);
  check(
      "less the maximum", [&] { return m - max<1>(m); },
      [&](position const& at) { return double(m(at[0], at[1])) - most[std::size_t(at[0])]; }, 1e-6);
}

TEST(reductions, of_three_axes) {
  reductions<1>(extents<33, 4, 17>{});
  reductions<0, 2>(extents<19, 4, 17>{});
  reductions<1, 2>(extents<19, 4, 17>{});
  reductions<1>(extents<61, 70, 53>{});
  reductions<0, 2>(extents<61, 70, 53>{});
}
TEST(reductions, of_four_axes) {
  reductions<0, 3>(extents<18, 5, 2, 7>{});
  reductions<2, 3>(extents<31, 9, 21, 40>{});
  reductions<0, 1>(extents<31, 9, 21, 40>{});
}

TEST(maximum, lets_a_nan_win) {
  for (long bad : {0l, 17l, 299l}) {
    auto a = floats<300>(1);
    a[bad] = std::nanf("");
    const float m = max(a);
    EXPECT_TRUE(std::isnan(m)) << bad;
  }
}

}  // namespace
