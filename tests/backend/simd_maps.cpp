// SPDX-License-Identifier: BSL-1.0
// simd_maps.cpp -- in: elementwise values, views, reshapes, assignments. out: what plain loops in double give, at odd shapes, the
// same to the bit for one to four threads.

#include "arrays.hpp"

namespace {

using namespace arrays;

template <long... N> void elementwise_of(extents<N...>) {
  constexpr shape s = extents<N...>::value;
  const auto a = floats<N...>(1);
  const auto b = floats<s.extent[0]>(2);
  const auto c = floats<1, s.extent[1], 1>(3);
  const auto d = floats<1, 1, s.extent[2]>(4);
  check(
      "broadcast along each axis", [&] { return select(a > 0, a % b + c, d - a) / 4; },
      [&](position const& x) {
        const double v = double(a[offset(s, x)]);
        return (v > 0 ? v * double(b(x[0])) + double(c(0, x[1], 0)) : double(d(0, 0, x[2])) - v) / 4;
      },
      2e-7);
  check(
      "without a whole operand", [&] { return b % c + d; },
      [&](position const& x) { return double(b(x[0])) * double(c(0, x[1], 0)) + double(d(0, 0, x[2])); }, 3e-7);
}
TEST(maps, broadcast_along_each_axis) {
  elementwise_of(extents<5, 7, 9>{});
  elementwise_of(extents<33, 1, 3>{});
  elementwise_of(extents<1, 17, 40>{});
  elementwise_of(extents<67, 50, 41>{});
}

TEST(maps, of_four_axes) {
  const auto a = floats<3, 5, 2, 7>(1);
  const auto b = floats<1, 5, 1, 7>(2);
  check(
      "small", [&] { return a % b - b; },
      [&](position const& x) {
        const double v = double(b(0, x[1], 0, x[3]));
        return double(a(x[0], x[1], x[2], x[3])) * v - v;
      },
      2e-7);
  const auto c = floats<31, 9, 21, 40>(3);
  const auto d = floats<31, 1, 21, 1>(4);
  check(
      "large", [&] { return c % d - d; },
      [&](position const& x) {
        const double v = double(d(x[0], 0, x[2], 0));
        return double(c(x[0], x[1], x[2], x[3])) * v - v;
      },
      2e-7);
}

// ---- elements in other places ----------------------------------------------------------------------------

TEST(views, of_matrices) {
  const auto a = floats<37, 65>(1);
  check(
      "transpose", [&] { return transpose(a); }, [&](position const& x) { return double(a(x[1], x[0])); }, 0);
  check(
      "transpose + map", [&] { return transpose(a) % 2 + transpose(square(a)); },
      [&](position const& x) {
        const double v = double(a(x[1], x[0]));
        return 2 * v + v * v;
      },
      3e-7);
  const auto big = floats<500, 700>(2);
  check(
      "large", [&] { return transpose(big) + 1; }, [&](position const& x) { return double(big(x[1], x[0])) + 1; }, 2e-7);
  const auto square_matrix = floats<133, 133>(3);
  check(
      "with itself", [&] { return square_matrix - transpose(square_matrix); },
      [&](position const& x) { return double(square_matrix(x[0], x[1])) - double(square_matrix(x[1], x[0])); }, 0);
}

TEST(views, of_three_axes) {
  const auto a = floats<5, 7, 9>(1);
  check(
      "turned", [&] { return transpose<1, 2, 0>(a); }, [&](position const& x) { return double(a(x[2], x[0], x[1])); }, 0);
  check(
      "turned back", [&] { return transpose<2, 0, 1>(square(a)); },
      [&](position const& x) {
        const double v = double(a(x[1], x[2], x[0]));
        return v * v;
      },
      1e-7);
  const auto big = floats<61, 70, 53>(2);
  check(
      "large", [&] { return transpose<2, 1, 0>(big) % 2; }, [&](position const& x) { return 2 * double(big(x[2], x[1], x[0])); },
      0);
}

template <long... To, long... N> void reshapes(extents<N...>) {
  const auto a = floats<N...>(1);
  constexpr shape to = extents<To...>::value;
  auto at = [&](position const& x) { return double(a[offset(to, x)]); };
  check(
      "of memory", [&] { return reshape<To...>(a); }, at, 0);
  check(
      "of a map", [&] { return reshape<To...>(square(a)) - 1; }, [&](position const& x) { return at(x) * at(x) - 1; }, 2e-7);
  check(
      "summed", [&] { return sum<0>(reshape<To...>(abs(a))); },
      [&](position const& x) {
        double s = 0;
        for (int i = 0; i < to.extent[0]; ++i) s += std::abs(at({i, x[1], x[2], x[3]}));
        return s;
      },
      1e-6 * to.extent[0]);
}
TEST(reshapes, move_elements) {
  reshapes<4, 6>(extents<6, 4>{});
  reshapes<24>(extents<6, 4>{});
  reshapes<2, 3, 4>(extents<6, 4>{});
  reshapes<37, 10>(extents<10, 37>{});
  reshapes<35, 18>(extents<5, 7, 18>{});
  reshapes<7, 5, 9, 2>(extents<35, 18>{});
  reshapes<500, 600>(extents<300, 1000>{});
}
TEST(reshapes, that_only_squeeze) {
  reshapes<6, 1, 4>(extents<6, 4>{});
  reshapes<1, 37, 10>(extents<37, 10>{});
  reshapes<37, 10>(extents<37, 1, 10>{});
  reshapes<700, 1, 300>(extents<700, 300>{});
}
TEST(reshapes, feed_products) {
  const auto a = floats<10, 37>(1);
  const auto w = floats<21, 74>(2);
  check(
      "w * reshape(a)", [&] { return w * reshape<74, 5>(a); },
      [&](position const& x) {
        double s = 0;
        for (int q = 0; q < 74; ++q) s += double(w(x[0], q)) * double(a[q + 74 * x[1]]);
        return s;
      },
      3e-5);
}

// ---- assignment ------------------------------------------------------------------------------------------

TEST(assignment, reads_the_old_elements) {
  auto a = floats<40, 40>(1);
  const auto old = a;
  a = transpose(a) % 2;
  for (int i = 0; i < 40; ++i)
    for (int j = 0; j < 40; ++j) ASSERT_EQ(a(i, j), 2 * old(j, i));
  a = old * a - a;
  for (int i : {0, 17, 39})
    for (int j : {0, 16, 39}) {
      double s = 0;
      for (int q = 0; q < 40; ++q) s += double(old(i, q)) * 2 * double(old(j, q));
      EXPECT_NEAR(a(i, j), s - 2 * double(old(j, i)), 3e-5);
    }
}

TEST(assignment, writes_no_padding_that_is_read) {
  // 37 rows are padded to 48; sums over a result must not see what lies there.
  auto a = floats<37, 65>(1);
  a = exp(a - a);
  const float s = sum(a), m = max(-1 % a);
  EXPECT_EQ(s, 37 * 65);
  EXPECT_EQ(m, -1);
  tensor column = sum<1>(a);
  tensor row = sum<0>(a);
  for (int i = 0; i < 37; ++i) EXPECT_EQ(column(i, 0), 65);
  for (int j = 0; j < 65; ++j) EXPECT_EQ(row(0, j), 37);
}

TEST(parallel, only_where_it_pays) {
  using small_spec = detail::scalar_evaluation<decltype(sum(std::declval<tensor<float, 100>&>()))>;
  using large_spec = detail::scalar_evaluation<decltype(sum(std::declval<tensor<float, 1000000>&>()))>;
  static_assert(!compiled<small_spec>::plan.parallel);
  static_assert(compiled<large_spec>::plan.parallel);
}

}  // namespace
