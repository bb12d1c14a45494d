// SPDX-License-Identifier: BSL-1.0
// Numbers as types: an expression that is used several times stays one, and folds like any constant.
#include <gtest/gtest.h>
#include <knit/expr/print.hpp>
#include <knit/op/catalogue.hpp>
#include <knit/program.hpp>

using namespace knit;

namespace {

template <int Levels, class H> constexpr auto climb(H h) {
  if constexpr (Levels == 0) return h;
  else return climb<Levels - 1>(h + 0.5_c % (h % h));
}
struct tag;
using x = argument<tag, 0, extents<4>>;

TEST(constant, literals_are_their_values) {
  EXPECT_EQ((detail::parsed<'0', '.', '5'>()), 0.5);
  EXPECT_EQ((detail::parsed<'1', '2', '.', '2', '5'>()), 12.25);
  EXPECT_EQ((detail::parsed<'3'>()), 3.0);
}

TEST(constant, a_graph_of_shared_levels_grows_by_its_own_nodes) {
  // h % h, 0.5 % it, h + that: three nodes a level beside the leaf and the constant; doubling would give 2^12.
  EXPECT_EQ((decltype(climb<12>(x{}))::graph::size), 2 + 3 * 12);
  EXPECT_EQ((std::tuple_size_v<decltype(decltype(climb<12>(x{}))::bound)>), 0u);
}

TEST(constant, computes_and_differentiates) {
  tensor<float, 4> a{0.1f, -0.2f, 0.3f, 0.f};
  auto r = diff([](auto v) { return sum(climb<3>(v)); })(a);
  tensor g = eval(grad(r, a));
  const float y = value(r);
  double expected = 0;
  for (int i = 0; i < 4; ++i) {
    double h = a(i), slope = 1;
    for (int k = 0; k < 3; ++k) {
      slope *= 1 + h;
      h += 0.5 * h * h;
    }
    expected += h;
    EXPECT_NEAR(g(i), slope, 1e-6);
  }
  EXPECT_NEAR(y, expected, 1e-6);
}

TEST(constant, prints_as_a_number) { EXPECT_EQ(to_string(x{} + 0.5_c), "x0 + 0.5"); }

/// An op whose rule is written with one.
struct cube_op : elementwise<1> {
  static constexpr char const* name = "cube";
  template <class V> static V eval(V a) { return a * a * a; }
  static constexpr auto pullback(auto, auto g, auto a) { return grads(3_c % (a % a) % g); }
};

TEST(constant, stands_in_a_rule) {
  tensor<float, 2> a{2.f, -3.f};
  auto r = diff([](auto v) { return make<cube_op>(v); })(a);
  tensor g = eval(grad(r, a));
  EXPECT_FLOAT_EQ(g(0), 12.f);
  EXPECT_FLOAT_EQ(g(1), 27.f);
}

}  // namespace
