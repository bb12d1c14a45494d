// SPDX-License-Identifier: BSL-1.0
// simd.cpp -- in: backend/simd.hpp, mostly through `tensor y = ...`. out: what plain loops in double give, at odd
// shapes, whatever lies where, the same to the bit for one to four threads.

#include <knit/knit.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

namespace {

using namespace knit;

using index = std::array<int, max_rank>;

/// Element i of an array that a seed names: arbitrary, in [-1, 1], with exact decimals in binary.
float arbitrary(int seed, long i) {
  return float(philox(std::uint64_t(seed), 0, std::uint64_t(i))[0] % 513) / 256 - 1;
}
template <long... N> tensor<float, N...> make_array(int seed) {
  tensor<float, N...> t;
  t.fill([&](long i) { return arbitrary(seed, i); });
  return t;
}
/// The same elements, plain, in memory that ends with the last of them.
template <long... N> struct plain_array {
  std::vector<float> memory;
  explicit plain_array(int seed) {
    for (long i = 0; i < extents<N...>::value.size(); ++i) memory.push_back(arbitrary(seed, i));
    memory.shrink_to_fit();
  }
  view<float, N...> operator()() const { return view<float, N...>(memory.data()); }
};

/// Evaluates the expression that f makes with 1 to 4 threads: the same each time, near g at each index.
template <class F, class G> void check(char const* what, F const& f, G const& g, double tolerance) {
  std::vector<float> first;
  for (int threads : {1, 2, 3, 4}) {
    thread_count() = threads;
    tensor y = f();
    constexpr shape s = decltype(y)::shape;
    std::vector<float> elements;
    for (long i = 0; i < s.size(); ++i) elements.push_back(y[i]);
    if (threads == 1) {
      first = elements;
      for (long i = 0; i < s.size(); ++i) {
        index x{};
        long rest = i;
        for (int q = 0; q < max_rank; ++q) {
          x[std::size_t(q)] = int(rest % s.extent[q]);
          rest /= s.extent[q];
        }
        const double expected = g(x);
        ASSERT_NEAR(elements[std::size_t(i)], expected, tolerance) << what << " at " << x[0] << ", " << x[1] << ", " << x[2] << ", " << x[3];
      }
    } else
      ASSERT_EQ(std::memcmp(elements.data(), first.data(), elements.size() * sizeof(float)), 0) << what << ", " << threads << " threads";
  }
  thread_count() = 0;
}

// ---- products ------------------------------------------------------------------------------------------

/// Rows x Inner times Inner x Columns, in every place that the operands may lie.
template <int Rows, int Inner, int Columns> struct product {
  static constexpr int m = Rows, k = Inner, n = Columns;
};
template <class S> class products : public testing::Test {};
// The last sums over more than a packed operand holds.
using product_sizes = testing::Types<product<37, 65, 129>, product<1, 5, 3>, product<33, 1, 31>, product<1, 200, 600>, product<15, 9000, 2>>;
TYPED_TEST_SUITE(products, product_sizes);

template <int M, int K, int N> struct product_operands {
  tensor<float, M, K> a = make_array<M, K>(1);
  tensor<float, K, N> x = make_array<K, N>(2);
  tensor<float, K, M> at;
  tensor<float, N, K> xt;
  plain_array<M, K> plain_a{1};
  plain_array<K, N> plain_x{2};
  double tolerance = 3e-7 * (K + 8);
  product_operands() {
    for (int i = 0; i < M; ++i)
      for (int j = 0; j < K; ++j) at(j, i) = a(i, j);
    for (int i = 0; i < K; ++i)
      for (int j = 0; j < N; ++j) xt(j, i) = x(i, j);
  }
  double operator()(index const& at_index) const {
    double s = 0;
    for (int q = 0; q < K; ++q) s += double(a(at_index[0], q)) * double(x(q, at_index[1]));
    return s;
  }
};

TYPED_TEST(products, of_stored_matrices) {
  const product_operands<TypeParam::m, TypeParam::k, TypeParam::n> o;
  check("a * x", [&] { return o.a * o.x; }, o, o.tolerance);
  check("transpose(at) * x", [&] { return transpose(o.at) * o.x; }, o, o.tolerance);
  check("a * transpose(xt)", [&] { return o.a * transpose(o.xt); }, o, o.tolerance);
  check("transpose(at) * transpose(xt)", [&] { return transpose(o.at) * transpose(o.xt); }, o, o.tolerance);
}

TYPED_TEST(products, of_plain_matrices) {
  const product_operands<TypeParam::m, TypeParam::k, TypeParam::n> o;
  check("plain * plain", [&] { return o.plain_a() * o.plain_x(); }, o, o.tolerance);
  check("a * plain", [&] { return o.a * o.plain_x(); }, o, o.tolerance);
  check("plain * x", [&] { return o.plain_a() * o.x; }, o, o.tolerance);
  check("transpose(at) * plain", [&] { return transpose(o.at) * o.plain_x(); }, o, o.tolerance);
  check("plain * transpose(xt)", [&] { return o.plain_a() * transpose(o.xt); }, o, o.tolerance);
}

TYPED_TEST(products, of_computed_matrices) {
  const product_operands<TypeParam::m, TypeParam::k, TypeParam::n> o;
  auto squares = [&](index const& at) {
    double s = 0;
    for (int q = 0; q < TypeParam::k; ++q) {
      const double v = double(o.x(q, at[1]));
      s += double(o.a(at[0], q)) * v * v;
    }
    return s;
  };
  check("a * square(x)", [&] { return o.a * square(o.x); }, squares, o.tolerance);
  check("transpose(at) * square(x)", [&] { return transpose(o.at) * square(o.x); }, squares, o.tolerance);
  check("a * transpose(square(xt))", [&] { return o.a * transpose(square(o.xt)); }, squares, o.tolerance);
  auto both = [&](index const& at) {
    double s = 0;
    for (int q = 0; q < TypeParam::k; ++q) s += std::abs(double(o.a(at[0], q))) * double(o.x(q, at[1]));
    return s;
  };
  check("abs(a) * x", [&] { return abs(o.a) * o.x; }, both, o.tolerance);
  check("transpose(abs(at)) * x", [&] { return transpose(abs(o.at)) * o.x; }, both, o.tolerance);
}

TYPED_TEST(products, with_epilogues) {
  constexpr int M = TypeParam::m, N = TypeParam::n;
  const product_operands<M, TypeParam::k, N> o;
  const auto column = make_array<M>(3);
  const auto row = make_array<1, N>(4);
  const auto whole = make_array<M, N>(5);
  tensor<float> s;
  s[0] = 0.375f;
  check("a * x + column, row, scalar", [&] { return abs(o.a * o.x + column) % row - s % whole; },
        [&](index const& at) {
          return std::abs(o(at) + double(column(at[0]))) * double(row(0, at[1])) - 0.375 * double(whole(at[0], at[1]));
        },
        o.tolerance);
  check("its sum over rows", [&] { return sum<0>(relu(o.a * o.x + column)); },
        [&](index const& at) {
          double t = 0;
          for (int i = 0; i < M; ++i) t += std::max(0., o({i, at[1], 0, 0}) + double(column(i)));
          return t;
        },
        o.tolerance * M);
  check("its sum over columns", [&] { return sum<1>(o.a * o.x % row); },
        [&](index const& at) {
          double t = 0;
          for (int j = 0; j < N; ++j) t += o({at[0], j, 0, 0}) * double(row(0, j));
          return t;
        },
        o.tolerance * N);
}

TEST(chains, of_products) {
  const auto a = make_array<37, 65>(1);
  const auto b = make_array<129, 37>(2);
  const auto x = make_array<65, 50>(3);
  auto inner = [&](int i, int j) {
    double s = 0;
    for (int q = 0; q < 65; ++q) s += double(a(i, q)) * double(x(q, j));
    return s > 0 ? s : 0.;
  };
  check("b * relu(a * x)", [&] { return b * relu(a * x); },
        [&](index const& at) {
          double s = 0;
          for (int q = 0; q < 37; ++q) s += double(b(at[0], q)) * inner(q, at[1]);
          return s;
        },
        2e-4);
  check("relu(a * x) * transpose(relu(a * x))", [&] { return relu(a * x) * transpose(relu(a * x)); },
        [&](index const& at) {
          double s = 0;
          for (int q = 0; q < 50; ++q) s += inner(at[0], q) * inner(at[1], q);
          return s;
        },
        2e-3);
  check("transpose(relu(a * x)) * transpose(b)", [&] { return transpose(relu(a * x)) * transpose(b); },
        [&](index const& at) {
          double s = 0;
          for (int q = 0; q < 37; ++q) s += inner(q, at[0]) * double(b(at[1], q));
          return s;
        },
        2e-4);
}

TEST(products_with_vectors, are_those_of_linear_algebra) {
  const auto w = make_array<37, 129>(1);
  const auto v = make_array<129>(2);
  const auto u = make_array<37>(3);
  const auto row = make_array<1, 45>(4);
  const auto big = make_array<700, 900>(5);
  const auto long_v = make_array<900>(6);
  const auto long_u = make_array<700>(7);
  check("w * v", [&] { return w * v; },
        [&](index const& at) {
          double s = 0;
          for (int q = 0; q < 129; ++q) s += double(w(at[0], q)) * double(v(q));
          return s;
        },
        3e-5);
  check("transpose(u) * w", [&] { return transpose(u) * w; },
        [&](index const& at) {
          double s = 0;
          for (int q = 0; q < 37; ++q) s += double(u(q)) * double(w(q, at[1]));
          return s;
        },
        3e-5);
  check("transpose(w) * u", [&] { return transpose(w) * u; },
        [&](index const& at) {
          double s = 0;
          for (int q = 0; q < 37; ++q) s += double(u(q)) * double(w(q, at[0]));
          return s;
        },
        3e-5);
  check("u * row", [&] { return u * row; }, [&](index const& at) { return double(u(at[0])) * double(row(0, at[1])); }, 1e-7);
  check("big * v", [&] { return big * long_v; },
        [&](index const& at) {
          double s = 0;
          for (int q = 0; q < 900; ++q) s += double(big(at[0], q)) * double(long_v(q));
          return s;
        },
        3e-4);
  check("transpose(u) * big", [&] { return transpose(long_u) * big; },
        [&](index const& at) {
          double s = 0;
          for (int q = 0; q < 700; ++q) s += double(long_u(q)) * double(big(q, at[1]));
          return s;
        },
        3e-4);
  check("transpose(v) * v", [&] { return transpose(long_v) * long_v; },
        [&](index const&) {
          double s = 0;
          for (int q = 0; q < 900; ++q) s += double(long_v(q)) * double(long_v(q));
          return s;
        },
        3e-3);
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
  const auto w = make_array<37, 65>(1);
  auto with = [&](auto element) {
    return [&w, element](index const& at) {
      double s = 0;
      for (int q = 0; q < 65; ++q) s += double(w(at[0], q)) * element(q + 65 * at[1]);
      return s;
    };
  };
  check("levels", [&] { return w * levels; }, with([&](int i) { return bytes[std::size_t(i)] / 255.; }), 3e-5);
  check("bytes", [&] { return w * counts; }, with([&](int i) { return double(bytes[std::size_t(i)]); }), 5e-3);
  check("integers", [&] { return w * whole; }, with([&](int i) { return double(integers[std::size_t(i)]); }), 3e-4);
  check("transposed", [&] { return transpose(levels) * transpose(w); },
        [&](index const& at) { return with([&](int i) { return bytes[std::size_t(i)] / 255.; })({at[1], at[0], 0, 0}); }, 3e-5);
}

TEST(products, summed_in_parts_over_more_than_a_packed_operand_holds) {
  const auto w = make_array<6, 5>(1);
  const auto x = make_array<5, 9000>(2);
  check("tanh(w * x) * transpose(x)", [&] { return tanh(w * x) * transpose(x); },
        [&](index const& at) {
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
  const auto a = make_array<3, 5000>(1);
  const auto b = make_array<3, 5000>(2);
  std::vector<double> p(15000), q(15000);
  for (int n = 0; n < 5000; ++n) {
    double sp = 0, sq = 0;
    for (int i = 0; i < 3; ++i) sp += std::exp(double(a(i, n))), sq += std::exp(double(b(i, n)));
    for (int i = 0; i < 3; ++i) p[std::size_t(n * 3 + i)] = std::exp(double(a(i, n))) / sp, q[std::size_t(n * 3 + i)] = std::exp(double(b(i, n))) / sq;
  }
  auto product = [&](int i, int k) {
    double s = 0;
    for (int n = 0; n < 5000; ++n) s += p[std::size_t(n * 3 + i)] * q[std::size_t(n * 3 + k)];
    return s;
  };
  check("a result", [&] { return softmax<0>(a) * transpose(softmax<0>(b)); }, [&](index const& at) { return product(at[0], at[1]); }, 1e-2);
  check("an operand", [&] { return (softmax<0>(a) * transpose(softmax<0>(b))) / 2; }, [&](index const& at) { return product(at[0], at[1]) / 2; }, 1e-2);
  const auto w = make_array<3, 4>(3);
  const auto xt = make_array<3, 5000>(4);
  check("a gradient whose adjoint is a repeated number",
        [&] { return grad<1>(diff([](auto x, auto v) { return 2 * sum(transpose(x) * v); })(softmax<0>(xt), w)); },
        [&](index const& at) {
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
    return [&a, &b, k](index const& at) {
      double s = 0;
      for (int q = 0; q < k; ++q) s += std::tanh(double(a(at[0], q))) * std::tanh(double(b(q, at[1])));
      return s;
    };
  };
  const auto a = make_array<4, 4>(1), b = make_array<4, 4>(2);
  check("4 x 4", [&] { return tanh(a) * tanh(b); }, of(a, b, 4), 1e-6);
  const auto c = make_array<2, 8>(3);
  const auto d = make_array<8, 2>(4);
  check("2 x 8", [&] { return tanh(c) * tanh(d); }, of(c, d, 8), 1e-6);
  check("8 x 2", [&] { return tanh(d) * tanh(c); }, of(d, c, 2), 1e-6);
}

TEST(products, with_an_epilogue_that_begins_with_something_else) {
  const auto x = make_array<33, 21>(1);
  const auto w = make_array<33, 7>(2);
  const auto q = make_array<7, 21>(3);
  check("relu(x) % (w * q)", [&] { return value(diff([](auto x, auto w, auto q) { return relu(x) % (w * q); })(x, w, q)); },
        [&](index const& at) {
          double s = 0;
          for (int k = 0; k < 7; ++k) s += double(w(at[0], k)) * double(q(k, at[1]));
          return std::max(0., double(x(at[0], at[1]))) * s;
        },
        1e-5);
}

TEST(contractions, of_any_letters) {
  const auto a = make_array<5, 7, 3>(1);
  const auto b = make_array<7, 4, 3>(2);
  check("batched", [&] { return make<contract_op<"mkb", "knb", "mnb">>(a, b); },
        [&](index const& at) {
          double s = 0;
          for (int q = 0; q < 7; ++q) s += double(a(at[0], q, at[2])) * double(b(q, at[1], at[2]));
          return s;
        },
        1e-5);
  check("over two axes", [&] { return make<contract_op<"mkb", "knb", "mn">>(a, b); },
        [&](index const& at) {
          double s = 0;
          for (int q = 0; q < 7; ++q)
            for (int r = 0; r < 3; ++r) s += double(a(at[0], q, r)) * double(b(q, at[1], r));
          return s;
        },
        1e-5);
  check("turned", [&] { return make<contract_op<"mkb", "knb", "bnm">>(a, b); },
        [&](index const& at) {
          double s = 0;
          for (int q = 0; q < 7; ++q) s += double(a(at[2], q, at[0])) * double(b(q, at[1], at[0]));
          return s;
        },
        1e-5);
  const auto c = make_array<70, 20, 9>(3);
  const auto d = make_array<20, 30, 9>(4);
  check("batched, large, with an epilogue", [&] { return abs(make<contract_op<"mkb", "knb", "mnb">>(c, d)); },
        [&](index const& at) {
          double s = 0;
          for (int q = 0; q < 20; ++q) s += double(c(at[0], q, at[2])) * double(d(q, at[1], at[2]));
          return std::abs(s);
        },
        2e-5);
  const auto u = make_array<33>(5);
  const auto v = make_array<21>(6);
  check("outer", [&] { return make<contract_op<"m", "n", "mn">>(u, v); },
        [&](index const& at) { return double(u(at[0])) * double(v(at[1])); }, 1e-7);
  const auto w = make_array<33, 21>(7);
  check("the result turned", [&] { return make<contract_op<"mk", "nk", "nm">>(w, make_array<17, 21>(8)); },
        [&](index const& at) {
          double s = 0;
          for (int q = 0; q < 21; ++q) s += double(w(at[1], q)) * double(arbitrary(8, at[0] + 17 * q));
          return s;
        },
        1e-5);
}

// ---- elementwise and reductions ------------------------------------------------------------------------

/// Offset of x in an array of shape s, first index fastest, repeated along its axes of extent 1.
long offset(shape s, index const& x) {
  long o = 0, by = 1;
  for (int q = 0; q < max_rank; ++q) {
    if (s.extent[q] > 1) o += x[std::size_t(q)] * by;
    by *= s.extent[q];
  }
  return o;
}
template <class F> void each_index(shape s, F const& f) {
  for (int d = 0; d < s.extent[3]; ++d)
    for (int c = 0; c < s.extent[2]; ++c)
      for (int b = 0; b < s.extent[1]; ++b)
        for (int a = 0; a < s.extent[0]; ++a) f(index{a, b, c, d});
}

template <int... Axes> constexpr std::array<bool, max_rank> axes() {
  std::array<bool, max_rank> a{};
  ((a[Axes] = true), ...);
  if (sizeof...(Axes) == 0) a.fill(true);
  return a;
}

/// sum, max and mean over Axes of an array of extents N, alone, of maps and read by maps.
template <int... Axes, long... N> void reductions(extents<N...>) {
  constexpr shape s = extents<N...>::value;
  const auto a = make_array<N...>(1);
  const auto b = make_array<N...>(2);
  auto element = [](auto const& t, index const& x) { return double(t[offset(s, x)]); };
  constexpr auto reduced = axes<Axes...>();
  shape kept = s;
  double count = 1;
  for (int q = 0; q < max_rank; ++q)
    if (reduced[std::size_t(q)]) count *= s.extent[q], kept.extent[q] = 1;
  std::vector<double> of_b(std::size_t(kept.size()), 0), of_both = of_b, largest(of_b.size(), -1e30);
  each_index(s, [&](index const& x) {
    const auto o = std::size_t(offset(kept, x));
    of_b[o] += element(b, x);
    of_both[o] += element(a, x) * element(a, x) * element(b, x);
    largest[o] = std::max(largest[o], element(a, x));
  });
  auto from = [&](std::vector<double> const& v) { return [&](index const& at) { return v[std::size_t(offset(kept, at))]; }; };
  const double tolerance = 5e-6 * std::sqrt(count);
  check("max", [&] { return knit::max<Axes...>(a); }, from(largest), 0);
  check("sum of a map", [&] { return sum<Axes...>(square(a) % b); }, from(of_both), tolerance);
  check("a map of two reductions", [&] { return a % mean<Axes...>(b) - knit::max<Axes...>(a); },
        [&](index const& x) { return element(a, x) * from(of_b)(x) / count - from(largest)(x); }, tolerance / count + 2e-7);
}

TEST(reductions, of_vectors) {
  reductions(extents<7>{});
  reductions<0>(extents<513>{});
  reductions(extents<300001>{});
}
TEST(reductions, of_matrices) {
  reductions(extents<37, 129>{});
  reductions<0>(extents<37, 129>{});
  reductions<1>(extents<37, 129>{});
  reductions<1>(extents<1, 50>{});
  reductions<0>(extents<50, 1>{});
}
TEST(reductions, of_large_matrices) {
  reductions(extents<301, 703>{});
  reductions<0>(extents<301, 703>{});
  reductions<1>(extents<301, 703>{});
  reductions<1>(extents<3, 90001>{});
  reductions<0>(extents<90001, 3>{});
}
TEST(reductions, in_parts_are_read_again_and_again) {
  // Sums over the slabs' axis, which each of many elements needs.
  const auto v = make_array<100000>(1);
  double all = 0;
  for (long i = 0; i < 100000; ++i) all += std::exp(double(v[i]));
  check("softmax", [&] { return 1000 * softmax(v); }, [&](index const& at) { return 1000 * std::exp(double(v[at[0]])) / all; }, 1e-5);
  const auto m = make_array<37, 5000>(2);
  std::vector<double> rows(37), most(37, -2);
  for (int r = 0; r < 37; ++r)
    for (int c = 0; c < 5000; ++c) rows[std::size_t(r)] += std::exp(double(m(r, c))), most[std::size_t(r)] = std::max(most[std::size_t(r)], double(m(r, c)));
  check("softmax<1>", [&] { return 1000 * softmax<1>(m); },
        [&](index const& at) { return 1000 * std::exp(double(m(at[0], at[1]))) / rows[std::size_t(at[0])]; }, 1e-5);
  check("less the maximum", [&] { return m - max<1>(m); }, [&](index const& at) { return double(m(at[0], at[1])) - most[std::size_t(at[0])]; }, 1e-6);
}

TEST(reductions, of_three_axes) {
  reductions<1>(extents<33, 4, 17>{});
  reductions<0, 2>(extents<19, 4, 17>{});
  reductions<1, 2>(extents<19, 4, 17>{});
  reductions<1>(extents<61, 70, 53>{});
  reductions<0, 2>(extents<61, 70, 53>{});
}
TEST(reductions, of_four_axes) {
  reductions<0, 3>(extents<18, 5, 2, 7>{});
  reductions<2, 3>(extents<31, 9, 21, 40>{});
  reductions<0, 1>(extents<31, 9, 21, 40>{});
}

TEST(maximum, lets_a_nan_win) {
  for (long bad : {0l, 17l, 299l}) {
    auto a = make_array<300>(1);
    a[bad] = std::nanf("");
    const float m = max(a);
    EXPECT_TRUE(std::isnan(m)) << bad;
  }
}

template <long... N> void elementwise_of(extents<N...>) {
  constexpr shape s = extents<N...>::value;
  const auto a = make_array<N...>(1);
  const auto b = make_array<s.extent[0]>(2);
  const auto c = make_array<1, s.extent[1], 1>(3);
  const auto d = make_array<1, 1, s.extent[2]>(4);
  check("broadcast along each axis", [&] { return select(a > 0, a % b + c, d - a) / 4; },
        [&](index const& x) {
          const double v = double(a[offset(s, x)]);
          return (v > 0 ? v * double(b(x[0])) + double(c(0, x[1], 0)) : double(d(0, 0, x[2])) - v) / 4;
        },
        2e-7);
  check("without a whole operand", [&] { return b % c + d; },
        [&](index const& x) { return double(b(x[0])) * double(c(0, x[1], 0)) + double(d(0, 0, x[2])); }, 3e-7);
}
TEST(maps, broadcast_along_each_axis) {
  elementwise_of(extents<5, 7, 9>{});
  elementwise_of(extents<33, 1, 3>{});
  elementwise_of(extents<1, 17, 40>{});
  elementwise_of(extents<67, 50, 41>{});
}

TEST(maps, of_four_axes) {
  const auto a = make_array<3, 5, 2, 7>(1);
  const auto b = make_array<1, 5, 1, 7>(2);
  check("small", [&] { return a % b - b; },
        [&](index const& x) {
          const double v = double(b(0, x[1], 0, x[3]));
          return double(a(x[0], x[1], x[2], x[3])) * v - v;
        },
        2e-7);
  const auto c = make_array<31, 9, 21, 40>(3);
  const auto d = make_array<31, 1, 21, 1>(4);
  check("large", [&] { return c % d - d; },
        [&](index const& x) {
          const double v = double(d(x[0], 0, x[2], 0));
          return double(c(x[0], x[1], x[2], x[3])) * v - v;
        },
        2e-7);
}

// ---- elements in other places ----------------------------------------------------------------------------

TEST(views, of_matrices) {
  const auto a = make_array<37, 65>(1);
  check("transpose", [&] { return transpose(a); }, [&](index const& x) { return double(a(x[1], x[0])); }, 0);
  check("transpose + map", [&] { return transpose(a) % 2 + transpose(square(a)); },
        [&](index const& x) {
          const double v = double(a(x[1], x[0]));
          return 2 * v + v * v;
        },
        3e-7);
  const auto big = make_array<500, 700>(2);
  check("large", [&] { return transpose(big) + 1; }, [&](index const& x) { return double(big(x[1], x[0])) + 1; }, 2e-7);
  const auto square_matrix = make_array<133, 133>(3);
  check("with itself", [&] { return square_matrix - transpose(square_matrix); },
        [&](index const& x) { return double(square_matrix(x[0], x[1])) - double(square_matrix(x[1], x[0])); }, 0);
}

TEST(views, of_three_axes) {
  const auto a = make_array<5, 7, 9>(1);
  check("turned", [&] { return transpose<1, 2, 0>(a); }, [&](index const& x) { return double(a(x[2], x[0], x[1])); }, 0);
  check("turned back", [&] { return transpose<2, 0, 1>(square(a)); },
        [&](index const& x) {
          const double v = double(a(x[1], x[2], x[0]));
          return v * v;
        },
        1e-7);
  const auto big = make_array<61, 70, 53>(2);
  check("large", [&] { return transpose<2, 1, 0>(big) % 2; }, [&](index const& x) { return 2 * double(big(x[2], x[1], x[0])); }, 0);
}

template <long... To, long... N> void reshapes(extents<N...>) {
  const auto a = make_array<N...>(1);
  constexpr shape to = extents<To...>::value;
  auto at = [&](index const& x) { return double(a[offset(to, x)]); };
  check("of memory", [&] { return reshape<To...>(a); }, at, 0);
  check("of a map", [&] { return reshape<To...>(square(a)) - 1; }, [&](index const& x) { return at(x) * at(x) - 1; }, 2e-7);
  check("summed", [&] { return sum<0>(reshape<To...>(abs(a))); },
        [&](index const& x) {
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
  const auto a = make_array<10, 37>(1);
  const auto w = make_array<21, 74>(2);
  check("w * reshape(a)", [&] { return w * reshape<74, 5>(a); },
        [&](index const& x) {
          double s = 0;
          for (int q = 0; q < 74; ++q) s += double(w(x[0], q)) * double(a[q + 74 * x[1]]);
          return s;
        },
        3e-5);
}

// ---- assignment ------------------------------------------------------------------------------------------

TEST(assignment, reads_the_old_elements) {
  auto a = make_array<40, 40>(1);
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
  auto a = make_array<37, 65>(1);
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
