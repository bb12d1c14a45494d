// SPDX-License-Identifier: BSL-1.0
// simd_double.cpp -- in: programs over arrays of double. out: what the scalar backend gives in double, at odd shapes, whatever
// lies where and whatever else is read, the same to the bit for one to three threads.

#include <knit/knit.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

namespace {

using namespace knit;

/// Element i of an array that a seed names, in [-1, 1): one that float does not hold.
double arbitrary(int seed, long i) {
  const auto bits = philox(std::uint64_t(seed), 0, std::uint64_t(i));
  return (double(bits[0]) * 0x1p32 + double(bits[1])) * 0x1p-63 - 1;
}
template <class T, long... N> tensor<T, N...> make_array(int seed) {
  tensor<T, N...> t;
  t.fill([&](long i) { return T(arbitrary(seed, i)); });
  return t;
}
template <long... N> tensor<double, N...> doubles(int seed) { return make_array<double, N...>(seed); }
/// The same elements, plain, in memory that ends with the last of them.
template <class T, long... N> struct plain_array {
  std::vector<T> memory;
  explicit plain_array(int seed) {
    for (long i = 0; i < extents<N...>::value.size(); ++i) memory.push_back(T(arbitrary(seed, i)));
    memory.shrink_to_fit();
  }
  view<T, N...> operator()() const { return view<T, N...>(memory.data()); }
};

/// An expression computed by the scalar backend, first index fastest.
template <class E> std::vector<double> expected(E const& e) {
  std::vector<double> y(std::size_t(E::shape.size()));
  leaf_list<knit::detail::scalar_evaluation<E>> leaves;
  knit::detail::add_bindings(e.bound, leaves);
  void* outputs[] = {y.data()};
  typename scalar_backend<double>::program<knit::detail::scalar_evaluation<E>>().run(leaves.data(), outputs);
  return y;
}

/// Evaluates the expression that f makes with 1 to 3 threads: in double, the same each time, near the scalar backend's.
/// Where many are added, an error is one of their sum without signs, whose size `terms` is.
template <class F> void check(char const* what, F const& f, double terms = 1) {
  std::vector<double> first;
  for (int threads : {1, 2, 3}) {
    thread_count() = threads;
    tensor y = f();
    static_assert(std::is_same_v<typename decltype(y)::value_type, double>);
    std::vector<double> elements;
    for (long i = 0; i < y.size(); ++i) elements.push_back(y[i]);
    if (threads == 1) {
      first = elements;
      const auto right = expected(f());
      for (std::size_t i = 0; i < right.size(); ++i) ASSERT_NEAR(elements[i], right[i], 1e-14 * (terms + std::abs(right[i]))) << what << ", element " << i;
    } else
      ASSERT_EQ(std::memcmp(elements.data(), first.data(), elements.size() * sizeof(double)), 0) << what << ", " << threads << " threads";
  }
  thread_count() = 0;
}

// ---- products ------------------------------------------------------------------------------------------

template <int Rows, int Inner, int Columns> struct product {
  static constexpr int m = Rows, k = Inner, n = Columns;
};
template <class S> class products_of_double : public testing::Test {};
// Rows that fill no panel, half of one, one and a half; and a sum over more than a packed operand holds.
using product_sizes = testing::Types<product<37, 65, 129>, product<1, 5, 3>, product<48, 17, 31>, product<17, 1, 31>,
                                     product<15, 9000, 2>>;
TYPED_TEST_SUITE(products_of_double, product_sizes);

template <int M, int K, int N> struct product_operands {
  tensor<double, M, K> a = doubles<M, K>(1);
  tensor<double, K, N> x = doubles<K, N>(2);
  tensor<double, K, M> at = doubles<K, M>(3);
  tensor<double, N, K> xt = doubles<N, K>(4);
  plain_array<double, M, K> plain_a{5};
  plain_array<double, K, N> plain_x{6};
  tensor<double, M> column = doubles<M>(7);
  tensor<double, 1, N> row = doubles<1, N>(8);
};

TYPED_TEST(products_of_double, of_matrices_wherever_they_lie) {
  const product_operands<TypeParam::m, TypeParam::k, TypeParam::n> o;
  const double terms = TypeParam::k;
  check("a * x", [&] { return o.a * o.x; }, terms);
  check("transpose(at) * x", [&] { return transpose(o.at) * o.x; }, terms);
  check("a * transpose(xt)", [&] { return o.a * transpose(o.xt); }, terms);
  check("plain * plain", [&] { return o.plain_a() * o.plain_x(); }, terms);
  check("plain * transpose(xt)", [&] { return o.plain_a() * transpose(o.xt); }, terms);
  check("a * square(x)", [&] { return o.a * square(o.x); }, terms);
  check("transpose(abs(at)) * x", [&] { return transpose(abs(o.at)) * o.x; }, terms);
}

TYPED_TEST(products_of_double, with_epilogues) {
  const product_operands<TypeParam::m, TypeParam::k, TypeParam::n> o;
  const double terms = TypeParam::k;
  check("a * x + column, row", [&] { return abs(o.a * o.x + o.column) % o.row - o.row; }, terms);
  check("its sum over rows", [&] { return sum<0>(relu(o.a * o.x + o.column)); }, terms * TypeParam::m);
  check("its sum over columns", [&] { return sum<1>(o.a * o.x % o.row); }, terms * TypeParam::n);
}

TEST(products_of_double, in_chains_and_with_vectors) {
  const auto a = doubles<37, 65>(1);
  const auto b = doubles<129, 37>(2);
  const auto x = doubles<65, 50>(3);
  const auto v = doubles<65>(4);
  const auto u = doubles<37>(5);
  check("b * relu(a * x)", [&] { return b * relu(a * x); }, 65 * 37);
  check("relu(a * x) * transpose(relu(a * x))", [&] { return relu(a * x) * transpose(relu(a * x)); }, 65 * 65 * 50);
  check("a * v", [&] { return a * v; }, 65);
  check("transpose(u) * a", [&] { return transpose(u) * a; }, 37);
  check("u * transpose(v)", [&] { return u * transpose(v); });
  const auto xt = doubles<3, 5000>(6);
  check("summed in parts", [&] { return softmax<0>(xt) * transpose(softmax<0>(xt)); }, 5000);
  check("batched", [&] { return make<contract_op<"mkb", "knb", "mnb">>(reshape<37, 13, 5>(a), reshape<13, 50, 5>(x)); }, 13);
}

// ---- elementwise, reductions, views ------------------------------------------------------------------------

template <long... N> void elementwise_of(extents<N...>) {
  constexpr shape s = extents<N...>::value;
  const auto a = doubles<N...>(1);
  const auto b = doubles<s.extent[0]>(2);
  const auto c = doubles<1, s.extent[1], 1>(3);
  const auto d = doubles<1, 1, s.extent[2]>(4);
  check("broadcast along each axis", [&] { return select(a > 0, a % b + c, d - a) / 4; });
  check("functions", [&] { return exp(a) + log(abs(a)) % tanh(a) - sigm(a) % sqrt(abs(a)); }, 10);
  check("sums", [&] { return sum<0>(a % b) + sum<1>(a) - sum(a) / 7 + mean<2>(a); }, double(s.size()));
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

// ---- what else is read and written -----------------------------------------------------------------------

TEST(double_and, bytes_integers_and_floats_are_computed_in_double) {
  const plain_array<float, 65, 40> plain_floats(1);
  const auto floats = make_array<float, 65, 40>(2);
  const auto column = make_array<float, 65>(3);
  std::vector<std::uint8_t> bytes(65 * 40);
  std::vector<std::int32_t> integers(65 * 40);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = std::uint8_t(i * 77 + i / 9), integers[i] = int(i * 1000003) | 1;
  const view<unorm8, 65, 40> levels(reinterpret_cast<unorm8 const*>(bytes.data()));
  const view<std::uint8_t, 65, 40> counts(bytes.data());
  const view<std::int32_t, 65, 40> whole(integers.data());
  const auto w = doubles<37, 65>(4);
  const auto x = doubles<65, 40>(5);
  check("w * floats", [&] { return w * floats; }, 65);
  check("w * plain floats", [&] { return w * plain_floats(); }, 65);
  check("transpose(floats) * transpose(w)", [&] { return transpose(floats) * transpose(w); }, 65);
  check("levels", [&] { return w * levels; }, 65);
  check("bytes", [&] { return w * counts; }, 65 * 255);
  check("integers", [&] { return x + whole; });
  check("integers, transposed", [&] { return transpose(x) + transpose(whole); });
  check("floats in a map", [&] { return x % floats + column; });
  check("floats in a map, transposed", [&] { return transpose(x) - transpose(floats) / transpose(column); }, 1e3);
  tensor f = floats % floats;
  static_assert(std::is_same_v<decltype(f)::value_type, float>);
  tensor<double, 65, 40> g = floats % floats;  // the array that it is assigned to decides too
  EXPECT_EQ(g(3, 4), double(floats(3, 4)) * double(floats(3, 4)));
  EXPECT_EQ(f(3, 4), floats(3, 4) * floats(3, 4));
  tensor<double> s = floats(0, 0) * sum(column);
  EXPECT_NEAR(s[0], double(floats(0, 0)) * expected(sum(column))[0], 1e-15 * 65);
}

TEST(double_and, a_number_is_a_number) {
  // A number, also a tensor without axes, makes no program of double.
  const auto x = make_array<float, 20>(1);
  const tensor<double> rate(0.1);
  tensor y = 0.1 * x - rate * x;
  static_assert(std::is_same_v<decltype(y)::value_type, float>);
  const auto d = doubles<20>(1);
  tensor z = 0.1 * d;  // which in turn is all there of it
  EXPECT_EQ(z(7), 0.1 * d(7));
}

TEST(double_and, a_float_array_takes_what_was_computed_in_double) {
  const auto a = doubles<37, 65>(1);
  const auto x = doubles<65, 13>(2);
  tensor<float, 37, 13> y = tanh(a * x);
  const auto right = expected(tanh(a * x));
  for (long i = 0; i < y.size(); ++i) EXPECT_NEAR(double(y[i]), right[std::size_t(i)], 6.1e-8 * std::abs(right[std::size_t(i)])) << i;
  auto w = make_array<float, 33>(3);
  const auto old = w;
  const auto by = doubles<33>(4);
  w = w - 0.5 * by;  // in place
  for (int i = 0; i < 33; ++i) EXPECT_EQ(w(i), float(double(old(i)) - 0.5 * by(i)));
  tensor<double, 65, 13> from_floats = make_array<float, 65, 13>(5);
  EXPECT_EQ(from_floats(64, 12), double(make_array<float, 65, 13>(5)(64, 12)));
}

TEST(assignment_of_double, reads_the_old_elements) {
  auto a = doubles<40, 40>(1);
  const auto old = a;
  a = transpose(a) % 2;
  for (int i = 0; i < 40; ++i)
    for (int j = 0; j < 40; ++j) ASSERT_EQ(a(i, j), 2 * old(j, i));
  a = old * a - a;
  for (int i : {0, 17, 39})
    for (int j : {0, 16, 39}) {
      double s = 0;
      for (int q = 0; q < 40; ++q) s += old(i, q) * 2 * old(j, q);
      EXPECT_NEAR(a(i, j), s - 2 * old(j, i), 1e-13);
    }
}

TEST(assignment_of_double, writes_no_padding_that_is_read) {
  auto a = doubles<37, 65>(1);
  a = exp(a - a);
  const double s = sum(a), m = max(-1 % a);
  EXPECT_EQ(s, 37 * 65);
  EXPECT_EQ(m, -1);
}

TEST(gather_and_random_numbers, are_those_of_float) {
  const auto scores = doubles<10, 33>(1);
  std::vector<std::uint8_t> labels(33);
  for (std::size_t i = 0; i < 33; ++i) labels[i] = std::uint8_t(i % 11);  // 10 names nothing
  const view<std::uint8_t, 33> l(labels.data());
  check("gather", [&] { return gather(scores, l); });
  check("nll", [&] { return nll(scores, view<std::uint8_t, 33>(labels.data())); });
  const auto draw = [](auto x) { return uniform_like(x, 7); };
  const tensor<float, 37, 21> like;
  const tensor<double, 37, 21> like_double;
  tensor u = value(diff(draw)(like));
  tensor v = value(diff(draw)(like_double));
  static_assert(std::is_same_v<decltype(v)::value_type, double> && std::is_same_v<decltype(u)::value_type, float>);
  for (long i = 0; i < u.size(); ++i) ASSERT_EQ(double(u[i]), v[i]);
}

// ---- derivatives, updates, models ------------------------------------------------------------------------

TEST(models_of_double, have_values_gradients_and_updates_of_double) {
  dense layer{doubles<17, 33>(1), doubles<17>(2), tanh_};
  const auto x = doubles<33, 12>(3);
  const auto r = diff([](auto w, auto b, auto x) { return sum(tanh(w * x + b)); })(layer.w, layer.b, x);
  check("gradient", [&] { return grad<0>(r); }, 12);
  check("gradient of x", [&] { return grad<2>(r); }, 17);
  const double v = value(r);
  EXPECT_NEAR(v, expected(value(r))[0], 1e-12);

  inference<simd_backend, decltype(layer), tensor<double, 33, 12>> infer(layer);
  static_assert(std::is_same_v<decltype(infer)::value_type, double>);
  std::vector<double> out(17 * 12);
  infer(x, out.data());
  const auto values = expected(tanh(layer.w * x + layer.b));
  for (std::size_t i = 0; i < out.size(); ++i) EXPECT_NEAR(out[i], values[i], 1e-14);

  const auto next_w = expected(layer.w - 0.125 * grad<0>(r)), next_b = expected(layer.b - 0.125 * grad<1>(r));
  auto of_layer = diff(layer)(x);  // a result that is no scalar is differentiated as its sum
  update(params(of_layer), [&](auto w) { return w - 0.125 * grad(of_layer, w); });
  for (long i = 0; i < layer.w.size(); ++i) EXPECT_NEAR(layer.w[i], next_w[std::size_t(i)], 1e-14);
  for (long i = 0; i < layer.b.size(); ++i) EXPECT_NEAR(layer.b[i], next_b[std::size_t(i)], 1e-14);
}

}  // namespace
