// SPDX-License-Identifier: BSL-1.0
// levenberg_marquardt.cpp -- in: train/levenberg_marquardt.hpp and four of NIST's data sets. out: the certified
// coefficients, from both starting points; a range as others are. tests/train/slow_nist.cpp has the other sets.

#include "../unit.hpp"
#include "nist.hpp"

namespace {

using namespace nist;

constexpr auto rising = [](auto x, auto a, auto b) { return a * (1 - exp(-b * x)); };

TEST(levenberg_marquardt, finds_what_nist_certifies) {
  fits<14, 2>("Misra1a", rising);
  fits<16, 3>("MGH10", [](auto x, auto a, auto b, auto c) { return a * exp(b / (x + c)); });
  fits<33, 5>("MGH17", [](auto x, auto a, auto b, auto c, auto d, auto e) { return a + b * exp(-d * x) + c * exp(-e * x); });
  fits<37, 7>("Thurber", [](auto x, auto a, auto b, auto c, auto d, auto e, auto f, auto g) {
    return (a + x % (b + x % (c + x * d))) / (1 + x % (e + x % (f + x * g)));
  });
}

TEST(curve, is_a_function_of_its_coefficients) {
  const tensor<double, 3> x{0.5, 1, 2}, y{1, 1, 1};
  const auto model = make_curve(rising, 3, 0.25);
  tensor there = model(x), residuals = model(x, y);
  for (int i = 0; i < 3; ++i) {
    EXPECT_NEAR(there[i], 3 * (1 - std::exp(-0.25 * x[i])), 1e-12);
    EXPECT_NEAR(residuals[i], there[i] - 1, 1e-12);
  }
}

/// a |w|, whose root has no derivative at 0.
template <class W> struct root {
  BOOST_HANA_DEFINE_STRUCT(root, (W, w));
  template <class A> constexpr auto operator()(A const& a) const { return a * sqrt(square(w)); }
};
TEST(levenberg_marquardt, says_where_it_cannot_go_on) {
  root<tensor<double>> model{tensor<double>(0)};
  const tensor<double, 2> one(1);
  EXPECT_THROW(levenberg_marquardt(model, one) | run(), std::runtime_error);
  EXPECT_EQ(model.w[0], 0);
  model.w[0] = NAN;
  EXPECT_EQ((levenberg_marquardt(model, one) | run()), 1);  // a sum that is no number is seen
}

template <class W, class B> struct affine {
  BOOST_HANA_DEFINE_STRUCT(affine, (W, w), (B, b));
  template <class X, class Y> constexpr auto operator()(X const& x, Y const& y) const { return w * x + b - y; }
};
TEST(levenberg_marquardt, takes_matrices_and_float) {
  tensor<float, 3, 40> x;
  tensor<float, 2, 40> y;
  x.fill([](long i) { return float(scripts::unit(std::uint32_t(i))); });
  y.fill([](long i) { return float(scripts::unit(std::uint32_t(1000 + i))); });
  affine<tensor<float, 2, 3>, tensor<float, 2>> model;
  EXPECT_LT((levenberg_marquardt(model, x, y) | run()), 20);
  for (int o = 0; o < 2; ++o) {  // no residual has a part along an input or along 1
    double along[4] = {};
    for (int n = 0; n < 40; ++n) {
      double r = double(model.b[o]) - double(y(o, n));
      for (int i = 0; i < 3; ++i) r += double(model.w(o, i)) * double(x(i, n));
      for (int i = 0; i < 3; ++i) along[i] += r * double(x(i, n));
      along[3] += r;
    }
    for (double a : along) EXPECT_NEAR(a, 0, 1e-4);
  }
}

TEST(levenberg_marquardt, is_a_range) {
  const data_set d = stored("Misra1a");
  const auto x = column<14>(d.x), y = column<14>(d.y);
  auto model = make_curve(rising, d.start[1][0], d.start[1][1]);
  auto coefficients = [&] {
    std::vector<double> b;
    for_each_parameter(model, [&](std::string const&, auto const& c) { b.push_back(c[0]); });
    return b;
  };
  auto losses = levenberg_marquardt(model, x, y);
  EXPECT_EQ(coefficients(), d.start[1]);  // nothing is done before it is asked for
  std::vector<double> squares;
  losses | take(2) | record(squares) | run();
  ASSERT_EQ(squares.size(), 2u);
  EXPECT_LT(squares[1], squares[0]);
  const auto after = coefficients();
  losses | record(squares) | run();
  EXPECT_LT(squares[2], squares[1]);  // a second pass goes on from where the model is
  for (std::size_t i = 3; i < squares.size(); ++i) EXPECT_LE(squares[i], squares[i - 1]);
  EXPECT_NE(coefficients(), after);
  squares.clear();
  losses | record(squares) | run();  // at the least there is one loss, that of the model
  EXPECT_LE(squares.size(), 2u);
  EXPECT_NEAR(squares.at(0), d.squares, 1e-9 * d.squares);
  const double wrong[] = {NAN};
  auto nowhere = make_curve(rising, wrong[0], 1);
  EXPECT_EQ((levenberg_marquardt(nowhere, x, y) | run()), 1);
}

}  // namespace
