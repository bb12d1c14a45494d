// SPDX-License-Identifier: BSL-1.0
// model.cpp -- user structs as models: symbolic twins, paths and counts of parameters, tied weights, depth for nothing.
#include <boost/hana/reverse.hpp>
#include <boost/hana/transform.hpp>
#include <knit/expr/model.hpp>

#include <knit/nn/chain.hpp>
#include <knit/nn/dense.hpp>
#include <knit/program.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <type_traits>
#include <vector>

using namespace knit;

namespace {

template <class A, class B> inline constexpr bool same = std::is_same_v<A, B>;

/// A template over the types of its fields.
template <class W, class B> struct affine {
  BOOST_HANA_DEFINE_STRUCT(affine, (W, w), (B, b));
  constexpr auto operator()(auto x) const { return w * x + b; }
};
/// A plain empty type as attribute.
template <int N> struct times {
  static constexpr int value = N;
};
template <class W, class Factor> struct scaled {
  BOOST_HANA_DEFINE_STRUCT(scaled, (W, w), (Factor, factor));
  constexpr auto operator()(auto x) const { return double(Factor::value) * (w * x); }
};
/// Layers within layers, an array between them.
template <class First, class S, class Second> struct nest {
  BOOST_HANA_DEFINE_STRUCT(nest, (First, first), (S, shift), (Second, second));
  constexpr auto operator()(auto x) const { return second(tanh(first(x)) + shift); }
};
/// A tuple of layers and the hook that says how to rebuild.
template <class... L> struct sequence {
  BOOST_HANA_DEFINE_STRUCT(sequence, (hana::tuple<L...>, layers));
  template <class Layers> using with_fields = mp::mp_rename<Layers, sequence>;
  constexpr auto operator()(auto x) const {
    return hana::fold_left(layers, x, [](auto h, auto const& f) { return f(h); });
  }
};
/// A struct with a number among its parameters needs the hook.
template <int Times, class W> struct repeated {
  BOOST_HANA_DEFINE_STRUCT(repeated, (W, w));
  template <class V> using with_fields = repeated<Times, V>;
  constexpr auto operator()(auto x) const {
    if constexpr (Times == 0) return x;
    else return repeated<Times - 1, W>{w}(w * x);
  }
};
/// One array used twice is one parameter.
template <class W> struct tied {
  BOOST_HANA_DEFINE_STRUCT(tied, (W, w));
  constexpr auto operator()(auto x) const { return transpose(w) * tanh(w * x); }
};
/// A residual block of a user's.
template <class W, class B> struct block {
  BOOST_HANA_DEFINE_STRUCT(block, (W, w), (B, b));
  constexpr auto operator()(auto h) const { return h + tanh(w * h + b); }
};

using matrix = tensor<float, 3, 3>;
using vec = tensor<float, 3>;
using affine3 = affine<matrix, vec>;
using nested_model = nest<affine3, vec, sequence<affine3, scaled<matrix, times<2>>>>;

template <class M> std::vector<std::string> paths(M& m) {
  std::vector<std::string> p;
  for_each_parameter(m, [&](std::string const& path, auto&) { p.push_back(path); });
  return p;
}

void fill(auto& model) {
  int i = 0;
  for_each_parameter(model, [&](std::string const&, auto& a) { a.fill([&](long) { return 0.5f * std::sin(float(++i)); }); });
}

// ---- the same in plain code ----
using column = std::vector<double>;
column plain(vec const& v) { return {double(v[0]), double(v[1]), double(v[2])}; }
column times_matrix(matrix const& m, column const& x, bool transposed = false) {
  column y(3);
  for (int i = 0; i < 3; ++i)
    for (int k = 0; k < 3; ++k) y[std::size_t(i)] += double(transposed ? m(k, i) : m(i, k)) * x[std::size_t(k)];
  return y;
}
column plus(column a, column const& b) {
  for (std::size_t i = 0; i < 3; ++i) a[i] += b[i];
  return a;
}
column tanh_of(column a) {
  for (double& v : a) v = std::tanh(v);
  return a;
}
void expect_column(vec const& got, column const& right) {
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(got[long(i)], right[i], 1e-5);
}

}  // namespace

// ---- symbols -----------------------------------------------------------------------------------------------

TEST(symbolic, has_parameters_by_position) {
  using s = symbolic<affine3>;
  static_assert(same<s, affine<parameter<0, matrix>, parameter<1, vec>>>);
  static_assert(std::is_empty_v<parameter<0, matrix>>);
  static_assert(same<symbolic<affine3 const&>, s>);
}
TEST(symbolic, keeps_attributes) {
  static_assert(same<symbolic<scaled<matrix, times<2>>>, scaled<parameter<0, matrix>, times<2>>>);
  using d = dense<matrix, vec, std::remove_cv_t<decltype(relu)>>;
  static_assert(same<symbolic<d>, dense<parameter<0, matrix>, parameter<1, vec>, activation<relu_op>>>);
}
TEST(symbolic, has_layers_at_the_offset_of_their_parameters_and_by_place) {
  using s = symbolic<nested_model>;
  static_assert(same<decltype(s::first), detail::linked<symbolic<affine3>, 0, 1>>);
  static_assert(same<decltype(s::shift), parameter<2, vec>>);
  static_assert(same<decltype(s::second), detail::linked<symbolic<sequence<affine3, scaled<matrix, times<2>>>>, 3, 2>>);
}
TEST(symbolic, is_rebuilt_by_the_hook) {
  using layers = hana::tuple<detail::linked<symbolic<affine3>, 0, 1>, detail::linked<symbolic<scaled<matrix, times<2>>>, 2, 2>>;
  static_assert(same<decltype(symbolic<sequence<affine3, scaled<matrix, times<2>>>>::layers), layers>);
  static_assert(same<symbolic<repeated<2, matrix>>, repeated<2, parameter<0, matrix>>>);
}

// ---- parameters ----------------------------------------------------------------------------------------------

TEST(parameters, are_counted) {
  static_assert(parameter_count<affine3> == 2);
  static_assert(parameter_count<scaled<matrix, times<2>>> == 1);
  static_assert(parameter_count<nested_model> == 6);
  static_assert(parameter_count<nested_model const&> == 6);
  static_assert(parameter_count<sequence<>> == 0);
  static_assert(parameter_count<sequence<sequence<affine3>, affine3>> == 4);
}
TEST(parameters, have_paths) {
  nested_model m;
  EXPECT_EQ(paths(m), (std::vector<std::string>{"first.w", "first.b", "shift", "second.layers.0.w", "second.layers.0.b",
                                                "second.layers.1.w"}));
  auto c = make_chain(dense{matrix(), vec(), relu}, dense{matrix(), vec(), identity});
  EXPECT_EQ(paths(c), (std::vector<std::string>{"layers.0.w", "layers.0.b", "layers.1.w", "layers.1.b"}));
}
TEST(parameters, are_the_objects_of_the_model) {
  nested_model m;
  for_each_parameter(m, [](std::string const& path, auto& a) {
    if (path == "second.layers.1.w") a[5] = 7;
  });
  EXPECT_EQ((m.second.layers[hana::size_c<1>].w(2, 1)), 7);
  auto p = parameters_of(m);
  static_assert(same<decltype(p), std::tuple<matrix*, vec*, vec*, matrix*, vec*, matrix*>>);
  EXPECT_EQ(std::get<2>(p), &m.shift);
  EXPECT_EQ(std::get<5>(p), &m.second.layers[hana::size_c<1>].w);
  nested_model const& c = m;
  static_assert(same<decltype(parameters_of(c)),
                     std::tuple<matrix const*, vec const*, vec const*, matrix const*, vec const*, matrix const*>>);
}

// ---- values --------------------------------------------------------------------------------------------------

TEST(models, compute_what_their_structs_say) {
  nested_model m;
  fill(m);
  vec x{0.3f, -0.7f, 1.1f};
  inference<simd_backend, nested_model, vec> fast(m);
  inference<scalar_backend<float>, nested_model, vec> oracle(m);
  auto check = [&] {
    column h = plus(tanh_of(plus(times_matrix(m.first.w, plain(x)), plain(m.first.b))), plain(m.shift));
    auto const& [a, b] = std::tie(m.second.layers[hana::size_c<0>], m.second.layers[hana::size_c<1>]);
    h = times_matrix(b.w, plus(times_matrix(a.w, h), plain(a.b)));
    for (double& v : h) v *= 2;
    vec y;
    fast(x, y.data());
    expect_column(y, h);
    oracle(x, y.data());
    expect_column(y, h);
    expect_column(eval(value(diff(m)(x))), h);
  };
  check();
  m.first.w(1, 2) = -2;  // a program refers to its model
  m.second.layers[hana::size_c<0>].b[0] = 3;
  check();
}
TEST(models, with_a_hook_compute_too) {
  repeated<3, matrix> m;
  fill(m);
  vec x{1, 2, 3};
  const column right = times_matrix(m.w, times_matrix(m.w, times_matrix(m.w, plain(x))));
  expect_column(eval(value(diff(m)(x))), right);
}

TEST(models, have_a_derivative_for_each_parameter) {
  using wide = tensor<float, 3, 2>;
  nest<affine<wide, vec>, tensor<float>, affine3> m;
  fill(m);
  tensor<float, 2> x{0.3f, -0.7f};
  auto r = diff(m)(x);
  auto sum_of_result = [&] {
    const vec y = eval(value(r));
    return double(y[0]) + double(y[1]) + double(y[2]);
  };
  auto check = [&](char const* path, auto& w) {
    const auto g = eval(grad(r, w));
    for (long i = 0; i < w.size(); ++i) {
      const float old = w[i];
      w[i] = old + 0.01f;
      const double up = sum_of_result();
      w[i] = old - 0.01f;
      const double down = sum_of_result();
      w[i] = old;
      EXPECT_NEAR(g[i], (up - down) / 0.02, 3e-3) << path << ", element " << i;
    }
  };
  check("first.w", m.first.w);
  check("first.b", m.first.b);
  check("shift", m.shift);
  check("second.w", m.second.w);
  check("second.b", m.second.b);
}
TEST(models, tied_weights_have_one_derivative_the_sum) {
  tied<matrix> m;
  fill(m);
  vec x{0.3f, -0.7f, 1.1f};
  expect_column(eval(value(diff(m)(x))), times_matrix(m.w, tanh_of(times_matrix(m.w, plain(x))), true));
  static_assert(parameter_count<tied<matrix>> == 1);
  // d/dW(i, k) of sum over j, l of W(l, j) tanh(W x)(l): with u = sum over j of W(., j), t = tanh(W x):
  // t(i) from the first place, u(i) (1 - t(i)^2) x(k) from the second.
  const column t = tanh_of(times_matrix(m.w, plain(x)));
  const auto g = eval(grad(diff(m)(x), m.w));
  for (int i = 0; i < 3; ++i)
    for (int k = 0; k < 3; ++k) {
      const double u = double(m.w(i, 0)) + double(m.w(i, 1)) + double(m.w(i, 2));
      const double ti = t[std::size_t(i)];
      EXPECT_NEAR(g(i, k), ti + u * (1 - ti * ti) * double(x[k]), 1e-5);
    }
}
TEST(models, equal_layers_keep_their_own_parameters) {
  sequence<affine3, affine3> m;
  fill(m);
  vec x{0.3f, -0.7f, 1.1f};
  auto &a = m.layers[hana::size_c<0>], &b = m.layers[hana::size_c<1>];
  expect_column(eval(value(diff(m)(x))), plus(times_matrix(b.w, plus(times_matrix(a.w, plain(x)), plain(a.b))), plain(b.b)));
  auto r = diff(m)(x);
  expect_column(eval(grad(r, b.b)), {1, 1, 1});
  expect_column(eval(grad(r, a.b)), times_matrix(b.w, {1, 1, 1}, true));
}

// ---- depth costs one node a layer -----------------------------------------------------------------------------

namespace {

using block3 = block<matrix, vec>;
template <int N> using blocks = mp::mp_rename<mp::mp_repeat_c<mp::mp_list<block3>, N>, sequence>;
struct tag;
template <int N> using body = decltype(symbolic<blocks<N>>{}(argument<tag, 0, extents<3>>{}));

template <class Op> using is_call = mp::mp_bool<Op::what == kind::call>;
template <class Dag> constexpr int call_nodes() {
  using ops = typename Dag::ops;
  constexpr int first = int(mp::mp_find_if<ops, is_call>::value);
  int n = 0;
  for (int i = 0; i < Dag::size; ++i) n += op_of(Dag::at[i]) == first;
  return n;
}

}  // namespace

TEST(depth, costs_one_node_for_each_layer_and_one_body) {
  static_assert(mp::mp_count_if<body<10>::graph::ops, is_call>::value == 1);  // one body type
  static_assert(call_nodes<body<10>::graph>() == 10);
  static_assert(body<1>::graph::size + 1 == body<2>::graph::size);
  static_assert(body<10>::graph::size + 1 == body<11>::graph::size);
  static_assert(body<1>::graph::size + 9 == body<10>::graph::size);
  // However large the body: the outside sees it as one node.
  static_assert(body<10>::graph::size == 11);
}
TEST(depth, of_ten_blocks_is_computed_and_differentiated) {
  blocks<10> m;
  fill(m);
  vec x{0.3f, -0.7f, 1.1f};
  column h = plain(x);
  hana::for_each(m.layers, [&](auto const& l) { h = plus(h, tanh_of(plus(times_matrix(l.w, h), plain(l.b)))); });
  inference<simd_backend, blocks<10>, vec> f(m);
  vec y;
  f(x, y.data());
  expect_column(y, h);

  // The derivative with regard to x, by hand: backwards, g <- g + W' (g % (1 - t^2)).
  std::vector<column> t;
  h = plain(x);
  hana::for_each(m.layers, [&](auto const& l) {
    t.push_back(tanh_of(plus(times_matrix(l.w, h), plain(l.b))));
    h = plus(h, t.back());
  });
  column g{1, 1, 1};
  hana::for_each(hana::reverse(hana::transform(m.layers, [](auto const& l) { return &l; })), [&](auto l) {
    column inner = g;
    for (std::size_t i = 0; i < 3; ++i) inner[i] *= 1 - t.back()[i] * t.back()[i];
    t.pop_back();
    g = plus(g, times_matrix(l->w, inner, true));
  });
  expect_column(eval(grad<0>(diff(m)(x))), g);
}
