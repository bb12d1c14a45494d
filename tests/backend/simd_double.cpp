// SPDX-License-Identifier: BSL-1.0
// simd_double.cpp -- in: programs of double that read and write something else too; derivatives, updates, models. out: what
// the scalar backend gives in double, the same to the bit for one to four threads.

#include "arrays.hpp"

namespace {

using namespace arrays;

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
  check(
      "w * floats", [&] { return w * floats; }, 65);
  check(
      "w * plain floats", [&] { return w * plain_floats(); }, 65);
  check(
      "transpose(floats) * transpose(w)", [&] { return transpose(floats) * transpose(w); }, 65);
  check(
      "levels", [&] { return w * levels; }, 65);
  check(
      "bytes", [&] { return w * counts; }, 65 * 255);
  check("integers", [&] { return x + whole; });
  check("integers, transposed", [&] { return transpose(x) + transpose(whole); });
  check("floats in a map", [&] { return x % floats + column; });
  check(
      "floats in a map, transposed", [&] { return transpose(x) - transpose(floats) / transpose(column); }, 1e3);
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
  for (long i = 0; i < y.size(); ++i)
    EXPECT_NEAR(double(y[i]), right[std::size_t(i)], 6.1e-8 * std::abs(right[std::size_t(i)])) << i;
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
  check(
      "gradient", [&] { return grad<0>(r); }, 12);
  check(
      "gradient of x", [&] { return grad<2>(r); }, 17);
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
