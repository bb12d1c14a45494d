// SPDX-License-Identifier: BSL-1.0
// slow_simd_double_maps.cpp -- in: elementwise values, reductions and views of double. out: what the scalar backend gives in
// double, at odd shapes, the same to the bit for one to four threads.

#include "arrays.hpp"

#include <limits>

namespace {

using namespace arrays;

template <long... N> void elementwise_of(extents<N...>) {
  constexpr shape s = extents<N...>::value;
  const auto a = doubles<N...>(1);
  const auto b = doubles<s.extent[0]>(2);
  const auto c = doubles<1, s.extent[1], 1>(3);
  const auto d = doubles<1, 1, s.extent[2]>(4);
  check("broadcast along each axis", [&] { return select(a > 0, a % b + c, d - a) / 4; });
  check(
      "functions", [&] { return exp(a) + log(abs(a)) % tanh(a) - sigm(a) % sqrt(abs(a)); }, 10);
  check(
      "sums", [&] { return sum<0>(a % b) + sum<1>(a) - sum(a) / 7 + mean<2>(a); }, double(s.size()));
  check("maxima", [&] { return max<0>(a) - max<1>(a) % max(a) + min(a, b); });
  check("turned", [&] { return transpose<2, 0, 1>(square(a)) - transpose<2, 0, 1>(a); });
  check("reshaped", [&] { return reshape<int(s.size())>(square(a)) - 1; });
}
TEST(maps_of_double, of_odd_extents) {
  elementwise_of(extents<5, 7, 9>{});
  elementwise_of(extents<33, 1, 3>{});
  elementwise_of(extents<1, 17, 40>{});
  elementwise_of(extents<67, 50, 41>{});
}
TEST(reductions_of_double, in_parts_are_read_again_and_again) {
  const auto v = doubles<100000>(1);
  check("softmax", [&] { return 1000 * softmax(v); });
  const auto m = doubles<37, 5000>(2);
  check("softmax<1>", [&] { return 1000 * softmax<1>(m); });
  check("less the maximum", [&] { return m - max<1>(m); });
  const double s = sum(v);
  EXPECT_NEAR(s, expected(sum(v))[0], 1e-10);
  auto bad = v;
  bad[77777] = std::numeric_limits<double>::quiet_NaN();
  const double largest = max(bad);
  EXPECT_TRUE(std::isnan(largest));
}

}  // namespace
