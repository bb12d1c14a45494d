// SPDX-License-Identifier: BSL-1.0
// diff.cpp -- what derivatives are taken of and by: identity of arguments, nesting, random nodes, numbers, live arrays.
#include <knit/op/diff.hpp>

#include <knit/op/composite.hpp>
#include <knit/program.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <stdexcept>
#include <vector>

using namespace knit;

namespace {

template <class A, class... F> void expect_elements(A const& a, F... right) {
  const std::vector<double> r{double(right)...};
  ASSERT_EQ(std::size_t(a.size()), r.size());
  for (long i = 0; i < a.size(); ++i)
    EXPECT_NEAR(a[i], r[std::size_t(i)], 1e-5 * (1 + std::abs(r[std::size_t(i)]))) << "element " << i;
}

using vec = tensor<float, 3>;

}  // namespace

// ---- identity of arguments ---------------------------------------------------------------------------------

TEST(grad, tells_two_arguments_of_one_type_apart) {
  vec a{1, 2, 3}, b{4, 5, 6};
  auto r = diff([](auto x, auto y) { return dot(x, square(y)); })(a, b);
  expect_elements(eval(grad<0>(r)), 16, 25, 36);        // b^2
  expect_elements(eval(grad<1>(r)), 8, 20, 36);         // 2 a b
  expect_elements(eval(grad(r, a)), 16, 25, 36);
  expect_elements(eval(grad(r, b)), 8, 20, 36);
  EXPECT_NEAR(float(value(r)), 16 + 50 + 108, 1e-3);
}
TEST(grad, by_an_object_that_stands_twice_is_the_sum) {
  vec a{1, 2, 3};
  auto r = diff([](auto x, auto y) { return dot(x, square(y)); })(a, a);
  expect_elements(eval(grad(r, a)), 3, 12, 27);  // a^3
  expect_elements(eval(grad<0>(r)), 1, 4, 9);    // but each place has its own
}
TEST(grad, by_an_object_among_others) {
  vec a{1, 2, 3}, b{4, 5, 6};
  auto r = diff([](auto x, auto y, auto z) { return sum(x % y % y % z % z % z); })(a, b, a);
  expect_elements(eval(grad(r, b)), 2 * 4 * 1, 2 * 5 * 16, 2 * 6 * 81);                    // 2 b a^4
  expect_elements(eval(grad(r, a)), 4 * 16 * 1, 4 * 25 * 8, 4 * 36 * 27);                  // 4 b^2 a^3
}
TEST(grad, by_what_is_no_argument_throws) {
  vec a{1, 2, 3}, b{4, 5, 6}, c{7, 8, 9};
  auto two = diff([](auto x, auto y) { return dot(x, y); })(a, b);
  EXPECT_THROW(grad(two, c), std::invalid_argument);
  auto one = diff([](auto x) { return sum(x); })(a);
  EXPECT_THROW(grad(one, c), std::invalid_argument);
  const vec copy = a;
  EXPECT_THROW(grad(one, copy), std::invalid_argument);
  EXPECT_NO_THROW(grad(one, a));
}
TEST(grad, is_in_the_shape_of_its_argument) {
  tensor<float, 5, 4> x(2.f);
  tensor<float, 5> b(3.f);
  tensor<float> s(4.f);
  auto r = diff([](auto p, auto q, auto t) { return p % q % t; })(x, b, s);
  static_assert(decltype(grad<0>(r))::shape == make_shape(5, 4));
  static_assert(decltype(grad<1>(r))::shape == make_shape(5));
  static_assert(decltype(grad<2>(r))::shape == make_shape());
  expect_elements(eval(grad<1>(r)), 32, 32, 32, 32, 32);
  EXPECT_FLOAT_EQ(float(grad<2>(r)), 20 * 6);
}
TEST(grad, of_an_array_is_that_of_its_sum) {
  tensor<float, 2, 2> m{1, 2, 3, 4};
  tensor<float, 2> x{5, 6};
  auto array = diff([](auto p, auto q) { return p * square(q); })(m, x);
  auto total = diff([](auto p, auto q) { return sum(p * square(q)); })(m, x);
  expect_elements(eval(grad<0>(array)), 25, 25, 36, 36);
  expect_elements(eval(grad<0>(total)), 25, 25, 36, 36);
  expect_elements(eval(grad<1>(array)), 2 * 5 * 3, 2 * 6 * 7);
}
TEST(grad, of_what_does_not_depend_is_zeros) {
  tensor<float, 5, 3> x(2.f);
  vec y{1, 2, 3};
  auto r = diff([](auto, auto q) { return sum(q); })(x, y);
  static_assert(decltype(grad<0>(r))::shape == make_shape(5, 3));
  const auto g = eval(grad<0>(r));
  for (long i = 0; i < g.size(); ++i) EXPECT_EQ(g[i], 0);
  auto compared = diff([](auto p) { return sum(p < 1); })(y);  // constant almost everywhere
  expect_elements(eval(grad<0>(compared)), 0, 0, 0);
  auto constant = diff([](auto p) { return sum(detach(square(p))); })(y);
  expect_elements(eval(grad<0>(constant)), 0, 0, 0);
}
TEST(grad, of_the_argument_itself_is_one) {
  vec y{1, 2, 3};
  expect_elements(eval(grad<0>(diff([](auto p) { return p; })(y))), 1, 1, 1);
}

// ---- nesting -----------------------------------------------------------------------------------------------

namespace {
struct square_of {
  constexpr auto operator()(auto x) const { return x * x; }
};
}  // namespace

TEST(nested, an_inner_derivative_never_takes_an_outer_variable_for_its_own) {
  // x * d/dy (x + y) = x, so 1.
  EXPECT_FLOAT_EQ(float(grad<0>(diff([](auto x) { return x * grad(diff([x](auto y) { return x + y; })(x), x); })(5.0f))), 1);
  // x * d/dy (x * y) = x * x, so 2 x.
  EXPECT_FLOAT_EQ(float(grad<0>(diff([](auto x) { return x * grad<0>(diff([x](auto y) { return x * y; })(x)); })(5.0f))), 10);
  // x * d/dy (x * y^2) at x = x * 2 x^2, so 6 x^2.
  EXPECT_FLOAT_EQ(float(grad<0>(diff([](auto x) { return x * grad<0>(diff([x](auto y) { return x * y * y; })(x)); })(5.0f))), 150);
}
TEST(nested, the_outer_sees_through_the_inner_argument) {
  // d/dy y^3 at y = x^2 is 3 x^4, so 12 x^3.
  auto f = [](auto x) { return grad<0>(diff([](auto y) { return y * y * y; })(x * x)); };
  EXPECT_FLOAT_EQ(float(value(diff(f)(2.0f))), 48);
  EXPECT_FLOAT_EQ(float(grad<0>(diff(f)(2.0f))), 96);
}
TEST(nested, three_deep) {
  // The third derivative of x^4 is 24 x; it and its derivative.
  auto d = [](auto f) { return [f](auto x) { return grad<0>(diff(f)(x)); }; };
  auto fourth = [](auto x) { return x * x * x * x; };
  EXPECT_FLOAT_EQ(float(value(diff(d(d(d(fourth))))(2.0f))), 48);
  EXPECT_FLOAT_EQ(float(grad<0>(diff(d(d(d(fourth))))(2.0f))), 24);
}
TEST(nested, three_variables_of_three_levels) {
  // d/dz (x y z) at z = 1, times y: x y^2; d/dy of it at y = x: 2 x^2; times x: 2 x^3, so 6 x^2.
  auto f = [](auto x) {
    auto middle = [x](auto y) {
      auto inner = [x, y](auto z) { return x * y * z; };
      return y * grad<0>(diff(inner)(y));
    };
    return x * grad<0>(diff(middle)(x));
  };
  EXPECT_FLOAT_EQ(float(value(diff(f)(3.0f))), 54);
  EXPECT_FLOAT_EQ(float(grad<0>(diff(f)(3.0f))), 54);
}
TEST(nested, one_functor_within_itself) {
  // The same functor type inside and outside: f(x) = x^2 gives d/dx [x * f'(x)] = 4 x.
  auto g = [](auto x) { return grad<0>(diff(square_of{})(x)) * value(diff(square_of{})(x)); };  // 2 x^3
  EXPECT_FLOAT_EQ(float(value(diff(g)(3.0f))), 54);
  EXPECT_FLOAT_EQ(float(grad<0>(diff(g)(3.0f))), 54);
}
TEST(nested, an_outer_variable_may_be_captured_and_passed) {
  // d/dy (x y) at y = x, by object: x. Then times x: x^2, so 2 x.
  auto f = [](auto x) {
    auto r = diff([x](auto y) { return sum(x % y); })(x);
    return sum(x % grad<0>(r));
  };
  vec x{1, 2, 3};
  expect_elements(eval(grad<0>(diff(f)(x))), 2, 4, 6);
}
TEST(nested, a_functor_around_is_linked_for_each_of_its_arguments) {
  // h(x) = d/dy (x y^2) at c = 2 x c: what h calls has the same arguments each time and reads h's own.
  auto by_argument = [](auto a, auto b, auto c) {
    auto h = [c](auto x) { return grad<0>(diff([x](auto y) { return x * y * y; })(c)); };
    return value(diff(h)(a)) - value(diff(h)(b));
  };
  EXPECT_FLOAT_EQ(float(value(diff(by_argument)(2.0f, 5.0f, 3.0f))), -18);
  EXPECT_FLOAT_EQ(float(grad<0>(diff(by_argument)(2.0f, 5.0f, 3.0f))), 6);
  EXPECT_FLOAT_EQ(float(grad<1>(diff(by_argument)(2.0f, 5.0f, 3.0f))), -6);
  // The same where what is called reads no argument of h but calls what does.
  auto through_another = [](auto a, auto b, auto c) {
    auto h = [c](auto x) {
      auto inner = [x](auto y) { return x * y * y; };
      auto middle = [inner](auto z) { return value(diff(inner)(z)) + z; };
      return value(diff(middle)(c));  // x c^2 + c
    };
    return value(diff(h)(a)) - value(diff(h)(b));
  };
  EXPECT_FLOAT_EQ(float(value(diff(through_another)(2.0f, 5.0f, 3.0f))), -27);
  EXPECT_FLOAT_EQ(float(grad<2>(diff(through_another)(2.0f, 5.0f, 3.0f))), -18);
}
TEST(nested, second_derivatives) {
  vec x{0.5f, -1, 2};
  auto g = [](auto v) { return sum(grad<0>(diff([](auto u) { return sum(exp(u) + u % u % u); })(v))); };
  expect_elements(eval(grad<0>(diff(g)(x))), std::exp(0.5) + 3, std::exp(-1.0) - 6, std::exp(2.0) + 12);
}
TEST(nested, a_hessian_by_vector_product) {
  // f = sum(square(m * x)): the Hessian is 2 m' m.
  tensor<float, 2, 3> m{1, 2, 3, 4, 5, 6};
  vec x{1, -1, 2}, v{1, 0, -1};
  auto product = [](auto mm, auto xx, auto vv) {
    auto first = [mm, vv](auto u) { return dot(grad<0>(diff([mm](auto t) { return sum(square(mm * t)); })(u)), vv); };
    return grad<0>(diff(first)(xx));
  };
  double right[3];
  for (int i = 0; i < 3; ++i) {
    right[i] = 0;
    for (int k = 0; k < 3; ++k)
      for (int r = 0; r < 2; ++r) right[i] += 2 * double(m(r, i)) * double(m(r, k)) * double(v[k]);
  }
  expect_elements(eval(value(diff(product)(m, x, v))), right[0], right[1], right[2]);
}

// ---- numbers -----------------------------------------------------------------------------------------------

namespace {

struct stateless_functor {
  constexpr auto operator()(auto x) const { return sum(2 * x + 0.5); }
};
template <class X> using program_graph = compiled_graph<detail::scalar_evaluation<X>>;
template <class X> int leaves_read(X const&) {
  int n = 0;
  auto const& g = program_graph<X>::graph;
  for (int i = 0; i < g.size; ++i) n += g.is_leaf(i);
  return n;
}
template <class X> bool has_constant(X const&, double v) {
  auto const& g = program_graph<X>::graph;
  for (int i = 0; i < g.size; ++i)
    if (g.is_constant(i) && g.constants[field(g.at[i], 0)] == v) return true;
  return false;
}

}  // namespace

TEST(numbers, of_a_stateless_functor_fold) {
  vec x{1, 2, 3};
  const auto y = value(diff(stateless_functor{})(x));
  EXPECT_EQ(leaves_read(y), 1);
  EXPECT_EQ(std::tuple_size_v<decltype(y.bound)>, 1u);
  EXPECT_TRUE(has_constant(y, 2));
  EXPECT_TRUE(has_constant(y, 0.5));
  EXPECT_FLOAT_EQ(float(y), 13.5f);
}
TEST(numbers, of_a_capturing_lambda_are_read_at_run_time) {
  vec x{1, 2, 3};
  float lr = 0.5f;
  auto f = [&](float rate) { return value(diff([rate](auto v) { return sum(rate * v); })(x)); };
  const auto y = f(lr), z = f(2);
  static_assert(std::is_same_v<decltype(y), decltype(z)>);  // one program for every rate
  EXPECT_EQ(leaves_read(y), 2);
  EXPECT_FALSE(has_constant(y, 0.5));
  EXPECT_FLOAT_EQ(float(y), 3);
  EXPECT_FLOAT_EQ(float(z), 12);
  auto g = [&](float rate) { return eval(grad<0>(diff([rate](auto v) { return sum(rate * v % v); })(x))); };
  expect_elements(g(0.5f), 1, 2, 3);
  expect_elements(g(2), 4, 8, 12);
}
TEST(numbers, in_a_live_expression_are_read_at_run_time) {
  vec x{1, 2, 3};
  for (float lr : {0.5f, -1.f, 0.f, 1.f}) expect_elements(eval(x - lr * x), 1 - lr, 2 * (1 - lr), 3 * (1 - lr));
}

// ---- live expressions ----------------------------------------------------------------------------------------

TEST(live, reads_its_arrays_when_it_is_evaluated) {
  tensor<float, 2, 3> w{0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f};
  vec x{1, 2, 3};
  tensor<float, 2> b{0.5f, -0.5f};
  const auto y = tanh(w * x + b);
  auto right = [&](int i) {
    double s = double(b[i]);
    for (int k = 0; k < 3; ++k) s += double(w(i, k)) * double(x[k]);
    return std::tanh(s);
  };
  expect_elements(eval(y), right(0), right(1));
  x[1] = -4;
  w(0, 0) = 1;
  b[1] = 2;
  expect_elements(eval(y), right(0), right(1));
}
TEST(live, assignment_to_what_it_reads_uses_the_old_elements) {
  vec w{1, 2, 3};
  w = w - 0.5f * w;
  expect_elements(w, 0.5, 1, 1.5);
  tensor<float, 3, 3> m{1, 2, 3, 4, 5, 6, 7, 8, 9};
  m = transpose(m);
  expect_elements(m, 1, 4, 7, 2, 5, 8, 3, 6, 9);
  m = m * m;  // rows 1 2 3, 4 5 6, 7 8 9 squared
  expect_elements(m, 30, 66, 102, 36, 81, 126, 42, 96, 150);
  w = w - sum(w);
  expect_elements(w, -2.5, -2, -1.5);
}
TEST(live, rvalues_that_it_holds_stay_alive) {
  auto temporary = [] { return vec{1, 2, 3}; };
  const auto y = temporary() + temporary() % temporary();
  std::vector<vec> others;  // what freed memory would be given to
  for (int i = 0; i < 20; ++i) others.emplace_back(99.f);
  expect_elements(eval(y), 2, 6, 12);
  const auto copy = [&] {
    const auto inner = temporary() - 1;
    return inner;
  }();
  for (int i = 0; i < 20; ++i) others.emplace_back(77.f);
  expect_elements(eval(copy), 0, 1, 2);
  EXPECT_FLOAT_EQ(float(sum(temporary())), 6);
  const auto g = grad<0>(diff([](auto v) { return sum(v % v); })(temporary()));
  for (int i = 0; i < 20; ++i) others.emplace_back(55.f);
  expect_elements(eval(g), 2, 4, 6);
}
TEST(live, views_are_held_and_their_elements_are_not) {
  float memory[] = {1, 2, 3};
  const auto y = view<float, 3>(memory) + 1;
  expect_elements(eval(y), 2, 3, 4);
  memory[0] = 5;
  expect_elements(eval(y), 6, 3, 4);
}

TEST(live, an_array_that_is_only_repeated_or_looked_at_is_written_whole) {
  tensor<float, 5, 3> like;
  tensor<float, 1, 3> row{1, 2, 3};
  tensor<float, 5> column{1, 2, 3, 4, 5};
  tensor<float> number(7.f);
  expect_elements(eval(broadcast_like(row, like)), 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3);
  expect_elements(eval(broadcast_like(column, like)), 1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5);
  expect_elements(eval(broadcast_like(number, row)), 7, 7, 7);
  expect_elements(eval(detach(column)), 1, 2, 3, 4, 5);
  expect_elements(eval(transpose(row)), 1, 2, 3);
  expect_elements(eval(reshape<3>(row)), 1, 2, 3);
}

// ---- random nodes --------------------------------------------------------------------------------------------

namespace {

/// What functors give on both backends, which must agree to the bit: random numbers are not rounded.
template <class F, class... X> struct random_spec {
  using argument_tag = random_spec;
  static constexpr int first_argument = 0, argument_count = sizeof...(X);
  static constexpr std::array<leaf_info, sizeof...(X)> leaves{detail::leaf_of_array<X>...};
  template <std::size_t... I> static auto trace(std::index_sequence<I...>)
      -> decltype(F{}(argument<random_spec, int(I), typename X::extents_type>{}...));
  using traced = decltype(trace(std::index_sequence_for<X...>{}));
  template <class> struct results_of;
  template <class... E> struct results_of<std::tuple<E...>> {
    using type = mp::mp_list<result<typename E::graph>...>;
  };
  using results = typename results_of<traced>::type;
};
template <class F, class... X> std::vector<std::vector<float>> run(F, X const&... x) {
  using spec = random_spec<F, X...>;
  using graph = compiled_graph<spec>;
  void const* leaves[] = {x.data()...};
  std::vector<std::vector<float>> a, b;
  for (int r = 0; r < graph::roots; ++r) a.emplace_back(std::size_t(graph::graph.extents[graph::graph.roots[r].node].size()));
  b = a;
  std::vector<void*> to_a, to_b;
  for (auto& v : a) to_a.push_back(v.data());
  for (auto& v : b) to_b.push_back(v.data());
  typename scalar_backend<float>::program<spec>().run(leaves, to_a.data());
  typename simd_backend::program<spec>().run(leaves, to_b.data());
  EXPECT_EQ(a, b) << "backends differ";
  return a;
}
/// Share of equal elements: of independent uniform numbers, none; of equal ones, all.
double equal_share(std::vector<float> const& a, std::vector<float> const& b) {
  double n = 0;
  for (std::size_t i = 0; i < a.size(); ++i) n += a[i] == b[i];
  return n / double(a.size());
}

using field_type = tensor<float, 37, 13>;

struct half {
  static constexpr double value = 0.5;
};
template <class Rate> struct dropout {
  BOOST_HANA_DEFINE_STRUCT(dropout, (Rate, rate));
  constexpr auto operator()(auto x, auto seed) const {
    return select(uniform_like(x, seed) < Rate::value, x / (1 - Rate::value), 0);
  }
};
/// Two equal layers side by side on one input.
template <class A, class B> struct beside {
  BOOST_HANA_DEFINE_STRUCT(beside, (A, a), (B, b));
  constexpr auto operator()(auto x, auto seed) const { return a(x, seed) - b(x, seed); }
};
/// One after the other, from one input of ones: 4 where both masks keep, 0 else.
template <class A, class B> struct behind {
  BOOST_HANA_DEFINE_STRUCT(behind, (A, a), (B, b));
  constexpr auto operator()(auto x, auto seed) const { return b(a(x, seed), seed); }
};
/// One layer, applied twice to one value, to two, and to two of different shapes.
template <class A> struct twice {
  BOOST_HANA_DEFINE_STRUCT(twice, (A, a));
  constexpr auto operator()(auto x, auto seed) const { return a(x, seed) - a(x, seed); }
};
template <class A> struct on_two {
  BOOST_HANA_DEFINE_STRUCT(on_two, (A, a));
  constexpr auto operator()(auto x, auto seed) const { return a(x, seed) - a(2 * x, seed) / 2; }
};
template <class A> struct on_two_shapes {
  BOOST_HANA_DEFINE_STRUCT(on_two_shapes, (A, a));
  constexpr auto operator()(auto x, auto seed) const { return a(x, seed) - reshape<37, 13>(a(reshape<481>(x), seed)); }
};
using half_dropout = dropout<half>;
using seed_type = tensor<float>;

}  // namespace

TEST(random_nodes, are_uniform) {
  field_type x(1.f);
  auto const u = run([](auto v, auto s) { return std::tuple(uniform_like(v, s)); }, x, seed_type(7.f))[0];
  double mean = 0, square = 0;
  for (float v : u) {
    EXPECT_GE(v, 0);
    EXPECT_LT(v, 1);
    mean += v / double(u.size());
    square += double(v) * v / double(u.size());
  }
  EXPECT_NEAR(mean, 0.5, 4 * std::sqrt(1 / 12.0 / 481));
  EXPECT_NEAR(square, 1 / 3.0, 4 * std::sqrt(4 / 45.0 / 481));
}
TEST(random_nodes, at_two_places_are_two_and_a_named_value_is_one) {
  field_type x(1.f);
  auto const y = run(
      [](auto v, auto s) {
        auto once = uniform_like(v, s);
        auto again = uniform_like(v, s);
        return std::tuple(once - once, once - again);
      },
      x, seed_type(7.f));
  const std::vector<float> zeros(y[0].size());
  EXPECT_EQ(y[0], zeros);
  EXPECT_LT(equal_share(y[1], zeros), 0.01);
}
TEST(random_nodes, depend_on_the_seed_and_on_nothing_else) {
  field_type x(1.f), other(-3.f);
  auto f = [](auto v, auto s) { return std::tuple(uniform_like(v, s)); };
  auto const a = run(f, x, seed_type(1.f))[0], b = run(f, x, seed_type(1.f))[0], c = run(f, x, seed_type(2.f))[0];
  EXPECT_EQ(a, b);
  EXPECT_EQ(a, run(f, other, seed_type(1.f))[0]);
  EXPECT_LT(equal_share(a, c), 0.01);
}
TEST(random_nodes, of_two_equal_layers_differ) {
  field_type x(1.f);
  const seed_type seed(3.f);
  using side = beside<half_dropout, half_dropout>;
  using row = behind<half_dropout, half_dropout>;
  auto const y =
      run([](auto v, auto s) { return std::tuple(call_layer<0>(symbolic<side>{}, v, s), call_layer<0>(symbolic<row>{}, v, s)); }, x,
          seed);
  // Independent masks of one half: the difference of 0 or 2 and 0 or 2; their product a quarter of the time.
  std::vector<float> zeros(y[0].size());
  EXPECT_NEAR(equal_share(y[0], zeros), 0.5, 0.1);
  std::vector<float> fours(y[1].size(), 4.f);
  EXPECT_NEAR(equal_share(y[1], fours), 0.25, 0.1);
  EXPECT_NEAR(equal_share(y[1], zeros), 0.75, 0.1);
}
TEST(random_nodes, of_a_layer_are_drawn_for_each_value_that_it_is_applied_to) {
  field_type x(1.f);
  auto const y = run(
      [](auto v, auto s) {
        return std::tuple(call_layer<0>(symbolic<twice<half_dropout>>{}, v, s),
                          call_layer<0>(symbolic<on_two<half_dropout>>{}, v, s),
                          call_layer<0>(symbolic<on_two_shapes<half_dropout>>{}, v, s));
      },
      x, seed_type(3.f));
  std::vector<float> zeros(y[0].size());
  EXPECT_EQ(y[0], zeros);
  EXPECT_NEAR(equal_share(y[1], zeros), 0.5, 0.1);  // independent masks of one half agree half the time
  EXPECT_NEAR(equal_share(y[2], zeros), 0.5, 0.1);
}
TEST(random_nodes, are_the_same_in_a_value_and_its_gradient) {
  field_type x(1.f);
  const seed_type seed(3.f);
  using row = behind<half_dropout, half_dropout>;
  // The value at ones is the mask, and so is the gradient.
  auto const y = run(
      [](auto v, auto s) {
        return std::tuple(call_layer<0>(symbolic<row>{}, v, s), make<gradient_op>(call_layer<0>(symbolic<row>{}, v, s), v),
                          call_layer<0>(detail::by_argument<symbolic<row>, 0>{}, v, s));
      },
      x, seed);
  EXPECT_EQ(y[0], y[1]);
  EXPECT_EQ(y[0], y[2]);
  auto const inlined = run(
      [](auto v, auto s) {
        auto f = [](auto p, auto q) { return sum(select(uniform_like(p, q) < 0.5, 2 * p, 0)); };
        auto g = [](auto p, auto q) { return select(uniform_like(p, q) < 0.5, 2 * p, 0); };
        auto r = diff(f)(v, s);
        auto t = diff(g)(v, s);
        return std::tuple(value(r), grad<0>(r), value(t));
      },
      x, seed);
  double kept = 0;
  for (float v : inlined[1]) kept += v;
  EXPECT_EQ(inlined[0][0], float(kept));
  EXPECT_EQ(inlined[1], inlined[2]);
}
TEST(random_nodes, of_a_live_model_are_the_same_in_value_and_gradient) {
  field_type x(1.f);
  behind<half_dropout, half_dropout> m;
  auto r = diff(m)(x, 3.0f);
  const auto y = eval(value(r)), g = eval(grad(r, x));
  double kept = 0;
  for (long i = 0; i < x.size(); ++i) {
    EXPECT_EQ(y[i], g[i]);
    kept += y[i];
  }
  EXPECT_GT(kept, 0);
  const auto both = eval(value(r) - grad(r, x));
  for (long i = 0; i < x.size(); ++i) EXPECT_EQ(both[i], 0);
}
