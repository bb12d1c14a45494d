// SPDX-License-Identifier: BSL-1.0
// laws.cpp -- the laws are tested: each notices the mistake that is planted for it, and that law alone does.
#include "../laws.hpp"

using namespace laws;

namespace {

using knit::elementwise, knit::grads, knit::shape;

struct wrong_factor : elementwise<1> {
  static constexpr char const* name = "wrong_factor";
  template <class V> static V eval(V a) { return a * a; }
  static constexpr auto pullback(auto, auto g, auto a) { return grads(a % g); }
};
struct swapped : elementwise<2> {
  static constexpr char const* name = "swapped";
  template <class V> static V eval(V a, V b) { return a * a * b; }
  static constexpr auto pullback(auto, auto g, auto a, auto b) { return grads(a % a % g, 2 % a % b % g); }
};
/// Right but for where its operand is 0: there twice the slope of the steeper side.
struct wrong_at_zero : elementwise<1> {
  static constexpr char const* name = "wrong_at_zero";
  template <class V> static V eval(V a) {
    using knit::math::max;
    return max(V(0), a);
  }
  static constexpr auto pullback(auto, auto g, auto a) { return grads(select(a > 0, g, select(a < 0, 0, 2 % g))); }
};
/// The derivative is right, but its own derivative is not.
struct wrong_second : elementwise<1> {
  static constexpr char const* name = "wrong_second";
  template <class V> static V eval(V a) { return a * a; }
  static constexpr auto pullback(auto, auto g, auto a) { return grads(2 % detach(a) % g); }
};
struct left_shape : elementwise<2> {
  static constexpr char const* name = "left_shape";
  static constexpr shape infer(shape const* s) { return s[0]; }
  template <class V> static V eval(V a, V b) { return a + b; }
  static constexpr auto pullback(auto, auto g, auto, auto) { return grads(g, g); }
};
struct wrong_rank : elementwise<1> {
  static constexpr char const* name = "wrong_rank";
  static constexpr shape infer(shape const* s) {
    shape r = s[0];
    r.rank = 2;
    return r;
  }
  template <class V> static V eval(V a) { return a; }
  static constexpr auto pullback(auto, auto g, auto) { return grads(g); }
};
template <class V> inline constexpr bool is_lanes = std::is_same_v<V, knit::simd::lanes>;
template <class V> inline constexpr bool is_lanes_of_double = std::is_same_v<V, knit::simd::basic_lanes<double>>;
struct wrong_lanes : elementwise<1> {
  static constexpr char const* name = "wrong_lanes";
  template <class V> static V eval(V a) {
    if constexpr (is_lanes<V>) return a * V(1.0001f);
    else return a;
  }
  static constexpr auto pullback(auto, auto g, auto) { return grads(g); }
};
/// Wrong by less than a float would notice.
struct wrong_lanes_of_double : elementwise<1> {
  static constexpr char const* name = "wrong_lanes_of_double";
  template <class V> static V eval(V a) {
    if constexpr (is_lanes_of_double<V>) return a * V(1 + 1e-12);
    else return a;
  }
  static constexpr auto pullback(auto, auto g, auto) { return grads(g); }
};
/// Lanes give 0 for NaN, and are right otherwise.
struct lost_nan : elementwise<1> {
  static constexpr char const* name = "lost_nan";
  template <class V> static V eval(V a) {
    using knit::math::select;
    if constexpr (is_lanes<V>) return select(a == a, a, V(0));
    else return a;
  }
  static constexpr auto pullback(auto, auto g, auto) { return grads(g); }
};
struct wrong_unit : elementwise<2> {
  static constexpr char const* name = "wrong_unit";
  static constexpr double left_unit = 0, right_unit = 0;
  template <class V> static V eval(V a, V b) { return a - b; }
  static constexpr auto pullback(auto, auto g, auto, auto) { return grads(g, -g); }
};
struct wrong_pick : elementwise<3> {
  static constexpr char const* name = "wrong_pick";
  static constexpr bool picks = true;
  template <class V> static V eval(V a, V b, V c) { return a * b + c; }
  static constexpr auto pullback(auto, auto g, auto a, auto b, auto) { return grads(g % b, g % a, g); }
};
/// Infinite or NaN almost everywhere: nothing of it can be checked, which is a complaint too.
struct nowhere : elementwise<1> {
  static constexpr char const* name = "nowhere";
  template <class V> static V eval(V a) { return (a - a) / (a - a); }
  static constexpr auto pullback(auto, auto g, auto) { return grads(g); }
};
/// Control: nothing wrong.
struct right : elementwise<2> {
  static constexpr char const* name = "right";
  template <class V> static V eval(V a, V b) { return a * a * b; }
  static constexpr auto pullback(auto, auto g, auto a, auto b) { return grads(2 % a % b % g, a % a % g); }
};
/// Control: nothing wrong, and of three operands.
struct right_of_three : elementwise<3> {
  static constexpr char const* name = "right_of_three";
  template <class V> static V eval(V a, V b, V c) { return a * b + c; }
  static constexpr auto pullback(auto, auto g, auto a, auto b, auto) { return grads(g % b, g % a, g); }
};
/// A reduction that says 0 for the axis that it sums over, 1 for the extent.
template <int... Axes> struct wrong_axis : knit::sum_op<Axes...> {
  static constexpr char const* name = "wrong_axis";
  static constexpr bool reduces(int axis, shape from, shape) { return axis == 0 && from.extent[axis] > 1; }
  static constexpr shape infer(shape const* s) {
    shape r = s[0];
    r.extent[0] = 1;
    return r;
  }
};

/// Which laws complain, one letter each: shape, gradient, second derivative, simplification, lanes.
std::string complaining(subject const& s) {
  std::string which;
  if (!shape_is_real(s).empty()) which += 's';
  if (!gradient_is_difference(s).empty()) which += 'g';
  if (!second_derivative_is_difference(s).empty()) which += '2';
  if (!simplified_is_same(s).empty()) which += 'e';
  if (!lanes_are_scalar(s).empty()) which += 'l';
  return which;
}

}  // namespace

TEST(laws, complain_of_nothing_right) {
  EXPECT_EQ(complaining(make_subject<right, e<5, 4>, e<5>>()), "");
  EXPECT_EQ(complaining(make_subject<right_of_three, e<7>, e<7>, e<7>>()), "");
}

TEST(laws, find_a_wrong_pullback) {
  EXPECT_EQ(complaining(make_subject<wrong_factor, e<7>>()), "g");
  EXPECT_EQ(complaining(make_subject<swapped, e<5, 4>, e<5>>()), "g");
  EXPECT_EQ(complaining(make_subject<wrong_at_zero, e<37, 13>>()), "g");
}
TEST(laws, find_a_wrong_second_derivative) { EXPECT_EQ(complaining(make_subject<wrong_second, e<7>>()), "2"); }

TEST(laws, find_a_wrong_shape) {
  EXPECT_FALSE(shape_is_real(make_subject<left_shape, e<5>, e<5, 4>>()).empty());
  EXPECT_TRUE(shape_is_real(make_subject<left_shape, e<5, 4>, e<5>>()).empty());  // right by chance
  EXPECT_FALSE(shape_is_real(make_subject<wrong_rank, e<7>>()).empty());
  EXPECT_FALSE(shape_is_real(make_subject<wrong_axis<1>, e<5, 4>>()).empty());
}
TEST(laws, find_wrong_lanes) {
  EXPECT_EQ(complaining(make_subject<wrong_lanes, e<7>>()), "l");
  EXPECT_EQ(complaining(make_subject<wrong_lanes, e<37, 13>>()), "l");
  EXPECT_EQ(complaining(make_subject<wrong_lanes_of_double, e<7>>()), "l");
  EXPECT_EQ(complaining(make_subject<lost_nan, e<7>>()), "l");
}
TEST(laws, find_wrong_units) { EXPECT_EQ(complaining(make_subject<wrong_unit, e<7>, e<7>>()), "e"); }
TEST(laws, find_a_wrong_value_of_equal_operands) { EXPECT_EQ(complaining(make_subject<wrong_pick, e<7>, e<7>, e<7>>()), "e"); }

TEST(laws, complain_where_nothing_could_be_checked) { EXPECT_FALSE(gradient_is_difference(make_subject<nowhere, e<7>>()).empty()); }

TEST(laws, know_when_numbers_differ) {
  subject s{};
  s.name = "same";
  constexpr double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  auto differ = [&](double a, double b) {
    complaints c;
    same(s, "", {}, {{a}}, {{b}}, 1e-5, 2e-6, false, c);
    return !c.empty();
  };
  EXPECT_FALSE(differ(inf, inf));
  EXPECT_FALSE(differ(nan, nan));
  EXPECT_FALSE(differ(1, 1.000001));
  EXPECT_TRUE(differ(inf, -inf));
  EXPECT_TRUE(differ(nan, 0));
  EXPECT_TRUE(differ(0, nan));
  EXPECT_TRUE(differ(1e38, inf));
  EXPECT_TRUE(differ(1, 1.0001));
}
