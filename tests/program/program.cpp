// SPDX-License-Identifier: BSL-1.0
// program.cpp -- in: program.hpp. out: assignments and updates that read what they write, by whatever name.

#include <knit/knit.hpp>

#include <gtest/gtest.h>

#include <utility>

namespace {

using namespace knit;
using vec = tensor<float, 3>;

// ---- assignments ---------------------------------------------------------------------------------------

TEST(an_assignment, reads_the_old_elements_through_views) {
  tensor<float, 64> x, z(100.f);
  x.fill([](long i) { return float(i); });
  x = z + view<float, 1>(&x[3]);
  for (long i = 0; i < 64; ++i) EXPECT_EQ(x[i], 103) << i;
  tensor<float, 64> y;
  y.fill([](long i) { return float(i); });
  // The first half and the second, repeated along columns: each reads what the other writes.
  tensor<float, 32, 2> halves;
  y = reshape<64>(halves + view<float, 32>(&y[16]) % 2);
  for (long i = 0; i < 64; ++i) EXPECT_EQ(y[i], float(2 * (16 + i % 32))) << i;
}

TEST(an_assignment, leaves_the_array_where_it_is) {
  vec x{1, 2, 3};
  const view<float, 3> seen(x.data());
  x = x + 1;
  EXPECT_EQ(seen.data(), x.data());
  EXPECT_EQ(seen[2], 4);
  x = x % sum(x);
  EXPECT_EQ(seen[0], 18);
}

TEST(an_assignment, gives_elements_to_what_was_moved_from) {
  vec m{1, 2, 3};
  m = std::move(m) % 2;
  EXPECT_EQ(m[0], 2);
  EXPECT_EQ(m[2], 6);
  tensor<float, 40, 3> w(1.f);
  const tensor held = std::move(w) + 1;
  w = held % 2;
  EXPECT_EQ(w(39, 2), 4);
}

// ---- updates ---------------------------------------------------------------------------------------------

/// sum(w x + u)
template <class W, class U> struct affine {
  BOOST_HANA_DEFINE_STRUCT(affine, (W, w), (U, u));
  template <class X> constexpr auto operator()(X&& x) const { return sum(w * std::forward<X>(x) + u); }
};
template <class W, class U> affine(W, U) -> affine<W, U>;

TEST(an_update, takes_expressions_as_arguments) {
  affine m{tensor<float, 2, 3>(1.f), tensor<float, 2>(1.f)};
  vec x{1, 2, 3}, shift{0, 0, 1};
  auto r = diff(m)(x % 10 + shift % shift);
  const tensor g = grad(r, m.w);
  update(params(r), [&](auto w) { return w - grad(r, w) * 0.5f; });
  EXPECT_EQ(g(1, 2), 31);
  for (int k = 0; k < 3; ++k) EXPECT_EQ(m.w(1, k), 1 - 0.5f * g(1, k)) << k;
  EXPECT_EQ(m.u[1], 0.5f);
  // Where one argument has a binding, one none and one two, each still finds its own.
  auto none = [](auto a, auto b, auto c) { return sum(a % b % c); };
  affine n{tensor<float, 2, 3>(1.f), tensor<float, 2>()};
  auto s = diff(n)(value(diff(none)(x, shift + 1, x - 1)) + transpose(transpose(shift)));
  update(params(s), [&](auto w) { return w - grad(s, w); });
  EXPECT_EQ(n.w(0, 2), 1 - 15);  // 1 0 1 + 2 1 1 + 3 2 2 = 14, and 1
}

TEST(an_update, is_of_a_model_that_may_change) {
  affine m{tensor<float, 2, 3>(1.f), tensor<float, 2>()};
  auto const& seen = m;
  const vec x{1, 2, 3};
  const auto r = diff(seen)(x);  // values and gradients of a const model are as of any
  EXPECT_EQ(float(value(r)), 12);
  EXPECT_EQ(tensor(grad(r, seen.w))(1, 2), 3);
  const auto s = diff(m)(x);  // the result is const, the model is not
  update(params(s), [&](auto w) { return w - grad(s, w); });
  EXPECT_EQ(m.w(1, 2), -2);
  auto own = diff(affine{tensor<float, 2, 3>(1.f), tensor<float, 2>()})(x);  // holds its model
  update(params(own), [&](auto w) { return w - grad(own, w); });
  EXPECT_EQ(own.f.w(1, 2), -2);
}

TEST(an_update, reads_old_parameters_by_any_name) {
  constexpr int n = 40;
  tensor<float, n, n> first;
  first.fill([](long i) { return float(i); });
  const tensor<float, n> zeros;
  {  // a parameter as an object
    affine m{first, tensor<float, n>()};
    auto r = diff(m)(zeros);
    update(params(r), [&](auto w) {
      if constexpr (decltype(w)::shape.rank == 2) return w + transpose(m.w);
      else return w + reshape<n>(sum<1>(m.w));
    });
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < n; ++j) ASSERT_EQ(m.w(i, j), first(i, j) + first(j, i)) << i << ' ' << j;
  }
  {  // a parameter as an argument
    affine m{first, tensor<float, n>()};
    auto r = diff(m)(m.w);
    auto by_hand = [](auto w, auto x) { return sum(w * x); };
    affine apart{first, tensor<float, n>()};
    auto s = diff(by_hand)(apart.w, first);
    const tensor next = apart.w - grad<0>(s) * 1e-3f;
    update(params(r), [&](auto w) { return w - grad(r, w) * 1e-3f; });
    for (long i = 0; i < n * n; ++i) ASSERT_NEAR(m.w[i], next[i], 1e-4f * n * n) << i;
  }
  {  // part of one through a view
    affine m{tensor<float, 1, 3>{1, 2, 3}, tensor<float, 1>()};
    auto r = diff(m)(vec{1, 1, 1});
    update(params(r), [&](auto w) {
      if constexpr (decltype(w)::shape.rank == 2) return w % 2 + view<float, 1>(&m.w[2]);
      else return w;
    });
    EXPECT_EQ(m.w[0], 5);
    EXPECT_EQ(m.w[1], 7);
    EXPECT_EQ(m.w[2], 9);
  }
}

// ---- a function and its derivatives ------------------------------------------------------------------------

struct residuals {
  template <class A, class B, class X> constexpr auto operator()(A const& a, B const& b, X const& x) const {
    return mean(square(tanh(a * x + b)));
  }
};

template <class Backend> void gives_value_and_gradients() {
  tensor<float, 33, 5> a;
  tensor<float, 33> b;
  tensor<float, 5, 40> x;
  a.fill([](long i) { return float(i % 7) / 7 - 0.4f; });
  b.fill([](long i) { return float(i % 5) / 9; });
  x.fill([](long i) { return float(i % 11) / 11 - 0.5f; });
  tensor<float, 33, 5> da;
  tensor<float, 33> db;
  tensor<float, 5, 40> dx;
  value_and_gradients<Backend, residuals, tensor<float, 33, 5>, tensor<float, 33>, tensor<float, 5, 40>> f;
  for (int round = 0; round < 2; ++round) {
    const double v = double(f(a, b, x, da, db, dx));
    auto r = diff(residuals{})(a, b, x);
    EXPECT_NEAR(v, float(value(r)), 1e-6);
    const tensor ea = grad<0>(r);
    const tensor eb = grad<1>(r);
    const tensor ex = grad<2>(r);
    for (long i = 0; i < ea.size(); ++i) EXPECT_NEAR(da[i], ea[i], 1e-7);
    for (long i = 0; i < eb.size(); ++i) EXPECT_NEAR(db[i], eb[i], 1e-7);
    for (long i = 0; i < ex.size(); ++i) EXPECT_NEAR(dx[i], ex[i], 1e-7);
    a = a - 2 * da;  // another point
  }
}
TEST(value_and_gradients, are_those_of_diff) {
  gives_value_and_gradients<simd_backend>();
  gives_value_and_gradients<scalar_backend<float>>();
}

}  // namespace
