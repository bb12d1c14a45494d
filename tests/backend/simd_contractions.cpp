// SPDX-License-Identifier: BSL-1.0
// simd_contractions.cpp -- in: products one after the other, with vectors, of bytes, in parts; contractions of any letters. out:
// what plain loops in double give, the same to the bit for one to four threads.

#include "arrays.hpp"

#include <algorithm>

namespace {

using namespace arrays;

TEST(chains, of_products) {
  const auto a = floats<37, 65>(1);
  const auto b = floats<129, 37>(2);
  const auto x = floats<65, 50>(3);
  auto inner = [&](int i, int j) {
    double s = 0;
    for (int q = 0; q < 65; ++q) s += double(a(i, q)) * double(x(q, j));
    return s > 0 ? s : 0.;
  };
  check(
      "b * relu(a * x)", [&] { return b * relu(a * x); },
      [&](position const& at) { return summed(37, [&](int q) { return double(b(at[0], q)) * inner(q, at[1]); }); }, 2e-4);
  check(
      "relu(a * x) * transpose(relu(a * x))", [&] { return relu(a * x) * transpose(relu(a * x)); },
      [&](position const& at) { return summed(50, [&](int q) { return inner(at[0], q) * inner(at[1], q); }); }, 2e-3);
  check(
      "transpose(relu(a * x)) * transpose(b)", [&] { return transpose(relu(a * x)) * transpose(b); },
      [&](position const& at) { return summed(37, [&](int q) { return inner(q, at[0]) * double(b(at[1], q)); }); }, 2e-4);
}

TEST(products_with_vectors, are_those_of_linear_algebra) {
  const auto w = floats<37, 129>(1);
  const auto v = floats<129>(2);
  const auto u = floats<37>(3);
  const auto row = floats<1, 45>(4);
  const auto big = floats<700, 900>(5);
  const auto long_v = floats<900>(6);
  const auto long_u = floats<700>(7);
  check(
      "w * v", [&] { return w * v; },
      [&](position const& at) { return summed(129, [&](int q) { return double(w(at[0], q)) * double(v(q)); }); }, 3e-5);
  check(
      "transpose(u) * w", [&] { return transpose(u) * w; },
      [&](position const& at) { return summed(37, [&](int q) { return double(u(q)) * double(w(q, at[1])); }); }, 3e-5);
  check(
      "transpose(w) * u", [&] { return transpose(w) * u; },
      [&](position const& at) { return summed(37, [&](int q) { return double(u(q)) * double(w(q, at[0])); }); }, 3e-5);
  check(
      "u * row", [&] { return u * row; }, [&](position const& at) { return double(u(at[0])) * double(row(0, at[1])); }, 1e-7);
  check(
      "big * v", [&] { return big * long_v; },
      [&](position const& at) { return summed(900, [&](int q) { return double(big(at[0], q)) * double(long_v(q)); }); }, 3e-4);
  check(
      "transpose(u) * big", [&] { return transpose(long_u) * big; },
      [&](position const& at) { return summed(700, [&](int q) { return double(long_u(q)) * double(big(q, at[1])); }); }, 3e-4);
  check(
      "transpose(v) * v", [&] { return transpose(long_v) * long_v; },
      [&](position const&) { return summed(900, [&](int q) { return double(long_v(q)) * double(long_v(q)); }); }, 3e-3);
  const float one = dot(long_v, long_v);
  double expected = 0;
  for (int q = 0; q < 900; ++q) expected += double(long_v(q)) * double(long_v(q));
  EXPECT_NEAR(one, expected, 1e-5 * expected);
}

TEST(products_of_bytes, are_of_numbers) {
  std::vector<std::uint8_t> bytes(65 * 40);
  std::vector<std::int32_t> integers(65 * 40);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = std::uint8_t(i * 77 + i / 9), integers[i] = int(i % 19) - 9;
  const view<unorm8, 65, 40> levels(reinterpret_cast<unorm8 const*>(bytes.data()));
  const view<std::uint8_t, 65, 40> counts(bytes.data());
  const view<std::int32_t, 65, 40> whole(integers.data());
  const auto w = floats<37, 65>(1);
  auto with = [&](auto element) {
    return [&w, element](position const& at) {
      return summed(65, [&](int q) { return double(w(at[0], q)) * element(q + 65 * at[1]); });
    };
  };
  check(
      "levels", [&] { return w * levels; }, with([&](int i) { return bytes[std::size_t(i)] / 255.; }), 3e-5);
  check(
      "bytes", [&] { return w * counts; }, with([&](int i) { return double(bytes[std::size_t(i)]); }), 5e-3);
  check(
      "integers", [&] { return w * whole; }, with([&](int i) { return double(integers[std::size_t(i)]); }), 3e-4);
  check(
      "transposed", [&] { return transpose(levels) * transpose(w); },
      [&](position const& at) {
        return with([&](int i) { return bytes[std::size_t(i)] / 255.; })({at[1], at[0], 0, 0});
      },
      3e-5);
}

TEST(products, summed_in_parts_over_more_than_a_packed_operand_holds) {
  const auto w = floats<6, 5>(1);
  const auto x = floats<5, 9000>(2);
  check(
      "tanh(w * x) * transpose(x)", [&] { return tanh(w * x) * transpose(x); },
      [&](position const& at) {
        double sum = 0;
        for (int n = 0; n < 9000; ++n) {
          double z = 0;
          for (int q = 0; q < 5; ++q) z += double(w(at[0], q)) * double(x(q, n));
          sum += std::tanh(z) * double(x(at[1], n));
        }
        return sum;
      },
      2e-2);
}

TEST(products, in_parts_are_results_and_operands) {
  // The instances are cut into slabs, and the product sums over them.
  const auto a = floats<3, 5000>(1);
  const auto b = floats<3, 5000>(2);
  std::vector<double> p(15000), q(15000);
  for (int n = 0; n < 5000; ++n) {
    double sp = 0, sq = 0;
    for (int i = 0; i < 3; ++i) sp += std::exp(double(a(i, n))), sq += std::exp(double(b(i, n)));
    for (int i = 0; i < 3; ++i)
      p[std::size_t(n * 3 + i)] = std::exp(double(a(i, n))) / sp, q[std::size_t(n * 3 + i)] = std::exp(double(b(i, n))) / sq;
  }
  auto product = [&](int i, int k) {
    double s = 0;
    for (int n = 0; n < 5000; ++n) s += p[std::size_t(n * 3 + i)] * q[std::size_t(n * 3 + k)];
    return s;
  };
  check(
      "a result", [&] { return softmax<0>(a) * transpose(softmax<0>(b)); },
      [&](position const& at) { return product(at[0], at[1]); }, 1e-2);
  check(
      "an operand", [&] { return (softmax<0>(a) * transpose(softmax<0>(b))) / 2; },
      [&](position const& at) { return product(at[0], at[1]) / 2; }, 1e-2);
  const auto w = floats<3, 4>(3);
  const auto xt = floats<3, 5000>(4);
  check(
      "a gradient whose adjoint is a repeated number",
      [&] { return grad<1>(diff([](auto x, auto v) { return 2 * sum(transpose(x) * v); })(softmax<0>(xt), w)); },
      [&](position const& at) {
        double s = 0;
        for (int n = 0; n < 5000; ++n) {
          double all = 0;
          for (int i = 0; i < 3; ++i) all += std::exp(double(xt(i, n)));
          s += 2 * std::exp(double(xt(at[0], n))) / all;
        }
        return s;
      },
      2e-2);
}

TEST(products, of_stored_matrices_of_sixteen_elements) {
  auto of = [](auto const& a, auto const& b, int k) {
    return [&a, &b, k](position const& at) {
      return summed(k, [&](int q) { return std::tanh(double(a(at[0], q))) * std::tanh(double(b(q, at[1]))); });
    };
  };
  const auto a = floats<4, 4>(1), b = floats<4, 4>(2);
  check(
      "4 x 4", [&] { return tanh(a) * tanh(b); }, of(a, b, 4), 1e-6);
  const auto c = floats<2, 8>(3);
  const auto d = floats<8, 2>(4);
  check(
      "2 x 8", [&] { return tanh(c) * tanh(d); }, of(c, d, 8), 1e-6);
  check(
      "8 x 2", [&] { return tanh(d) * tanh(c); }, of(d, c, 2), 1e-6);
}

TEST(products, with_an_epilogue_that_begins_with_something_else) {
  const auto x = floats<33, 21>(1);
  const auto w = floats<33, 7>(2);
  const auto q = floats<7, 21>(3);
  check(
      "relu(x) % (w * q)", [&] { return value(diff([](auto x, auto w, auto q) { return relu(x) % (w * q); })(x, w, q)); },
      [&](position const& at) {
        double s = 0;
        for (int k = 0; k < 7; ++k) s += double(w(at[0], k)) * double(q(k, at[1]));
        return std::max(0., double(x(at[0], at[1]))) * s;
      },
      1e-5);
}

TEST(contractions, of_any_letters) {
  const auto a = floats<5, 7, 3>(1);
  const auto b = floats<7, 4, 3>(2);
  check(
      "batched", [&] { return make<contract_op<"mkb", "knb", "mnb">>(a, b); },
      [&](position const& at) { return summed(7, [&](int q) { return double(a(at[0], q, at[2])) * double(b(q, at[1], at[2])); }); },
      1e-5);
  check(
      "over two axes", [&] { return make<contract_op<"mkb", "knb", "mn">>(a, b); },
      [&](position const& at) {
        double s = 0;
        for (int q = 0; q < 7; ++q)
          for (int r = 0; r < 3; ++r) s += double(a(at[0], q, r)) * double(b(q, at[1], r));
        return s;
      },
      1e-5);
  check(
      "turned", [&] { return make<contract_op<"mkb", "knb", "bnm">>(a, b); },
      [&](position const& at) { return summed(7, [&](int q) { return double(a(at[2], q, at[0])) * double(b(q, at[1], at[0])); }); },
      1e-5);
  const auto c = floats<70, 20, 9>(3);
  const auto d = floats<20, 30, 9>(4);
  check(
      "batched, large, with an epilogue", [&] { return abs(make<contract_op<"mkb", "knb", "mnb">>(c, d)); },
      [&](position const& at) {
        double s = 0;
        for (int q = 0; q < 20; ++q) s += double(c(at[0], q, at[2])) * double(d(q, at[1], at[2]));
        return std::abs(s);
      },
      2e-5);
  const auto u = floats<33>(5);
  const auto v = floats<21>(6);
  check(
      "outer", [&] { return make<contract_op<"m", "n", "mn">>(u, v); },
      [&](position const& at) { return double(u(at[0])) * double(v(at[1])); }, 1e-7);
  const auto w = floats<33, 21>(7);
  check(
      "the result turned", [&] { return make<contract_op<"mk", "nk", "nm">>(w, floats<17, 21>(8)); },
      [&](position const& at) {
        return summed(21, [&](int q) { return double(w(at[1], q)) * double(arbitrary<float>(8, at[0] + 17 * q)); });
      },
      1e-5);
}

}  // namespace
