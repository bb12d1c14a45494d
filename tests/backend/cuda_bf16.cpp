// SPDX-License-Identifier: BSL-1.0
// cuda_bf16.cpp -- in: products and einsum in bf16, at odd sizes. out: on the CUDA backend's blocks what the scalar backend gives
// in double for operands rounded to bf16, but for the rounding of sums of float, the same bits in every order.

#include "../in_bf16.hpp"
#include "cuda_contractions.hpp"

namespace {

using namespace arrays;

constexpr double u = 0x1p-8;  ///< rounding to bf16 changes a number by so much of it at most

/// The expression that f makes, in bf16: the scalar backend's in double, but for a part of `terms`, the size of what is added
/// up for an element, without signs.
template <class F> void check(std::string const& what, F const& f, double terms, double part) {
  const auto right = expected(f());
  auto near = [&](std::string const& name, std::vector<float> const& got) {
    ASSERT_EQ(got.size(), right.size()) << name;
    for (std::size_t i = 0; i < right.size(); ++i)
      ASSERT_NEAR(double(got[i]), right[i], part * (terms + std::abs(right[i]))) << name << ", element " << i;
  };
  near(what, blocks::in_all_orders(what, [&]<class B>(B) { return blocks::evaluated<in_bf16<B>>(f()); }));
  near(what + ", in few blocks", blocks::evaluated<in_bf16<blocks::few_blocks_on_fibers>>(f()));
}
constexpr double exact = 3e-7;  ///< of sums of float whose terms bf16 holds, as `arbitrary` gives them
/// Of products of two operands that are rounded.
constexpr double operands_rounded = 2 * u + u * u + exact;

template <einsum_labels L, int... Size> void check_labels() {
  using s = sized<L, Size...>;
  std::string what = L.text;
  for (int n : {Size...}) what += " " + std::to_string(n);
  const auto a = s::template array<float, 0>(1);
  const auto b = s::template array<float, 1>(2);
  check(
      what, [&] { return 0.5 * relu(einsum<L>(2 * a, b)) + 1; }, 10. * std::max({Size...}), exact);
}
template <class Size> void products_of() {
  const product_operands<float, Size> o;
  const double terms = Size::k;
  check(
      "a * x", [&] { return o.a * o.x; }, terms, exact);
  check(
      "transpose(at) * x", [&] { return transpose(o.at) * o.x; }, terms, exact);
  check(
      "plain * transpose(xt)", [&] { return o.plain_a() * transpose(o.xt); }, terms, exact);
  check(
      "an epilogue", [&] { return abs(o.a * square(o.x) + o.column) % o.row - o.row; }, terms, operands_rounded);
  check(
      "its sum over columns", [&] { return sum<1>(o.a * o.x % o.row); }, terms * Size::n, exact);
}

TEST(products_in_bf16, of_odd_extents) { products_of<product<37, 65, 129>>(); }
TEST(products_in_bf16, of_whole_tiles) { products_of<product<64, 32, 16>>(); }
TEST(products_in_bf16, of_few_rows_and_many_terms) {
  const product_operands<float, product<10, 1000, 3>> o;
  check(
      "a * x", [&] { return o.a * o.x; }, 1000, exact);
}
TEST(products_in_bf16, of_any_letters) {
  check_labels<"mkb,knb->mnb", 37, 21, 11, 19>();
  check_labels<"bmk,bkn->bmn", 36, 8, 16, 5>();
  check_labels<"mkb,knb->mn", 37, 21, 11, 19>();
  check_labels<"kn,km->mn", 3001, 5, 6>();
}
TEST(products_in_bf16, of_values_in_parts_and_slabs) {
  const auto a = make_array<float, 37, 64>(1);
  const auto x = make_array<float, 64, 50>(3);
  // bf16 holds the operands of the first product, and those of the second are rounded.
  check(
      "relu(a * x) * transpose(relu(a * x))", [&] { return relu(a * x) * transpose(relu(a * x)); }, 65 * 65 * 50, operands_rounded);
  check(
      "with a sum in parts", [&, xt = make_array<float, 3, 5000>(6)] { return softmax<0>(xt) * transpose(softmax<0>(xt)); }, 5000,
      operands_rounded);
}

/// Operands that bf16 does not hold are rounded to the nearest, each once; nothing else is.
TEST(products_in_bf16, round_operands_and_nothing_else) {
  constexpr int M = 21, K = 100, N = 19;
  tensor<float, M, K> a;
  tensor<float, K, N> x;
  tensor<float, M> c;
  auto fine = [](int seed) { return [seed](long i) { return float(arbitrary<double>(seed, i)); }; };
  a.fill(fine(1)), x.fill(fine(2)), c.fill(fine(3));
  auto rounded = [](auto t) {
    for (long i = 0; i < t.size(); ++i) {
      int e = 0;
      std::frexp(t[i], &e);
      t[i] = std::ldexp(std::nearbyint(std::ldexp(t[i], 8 - e)), e - 8);
    }
    return t;
  };
  const auto right = expected(rounded(a) * rounded(x) + c);
  const auto got = blocks::evaluated<in_bf16<cuda_on_host>>(a * x + c);
  for (std::size_t i = 0; i < right.size(); ++i) ASSERT_NEAR(double(got[i]), right[i], exact * K) << i;
  const auto unrounded = expected(a * x + c);
  double most = 0;
  for (std::size_t i = 0; i < right.size(); ++i) most = std::max(most, std::abs(double(got[i]) - unrounded[i]));
  EXPECT_GT(most, 100 * exact * K) << "bf16 was not seen";
  EXPECT_LT(most, operands_rounded * K);
}

/// What is too small for tiles has nothing to gain from tensor cores, and stays float.
TEST(products_in_bf16, leave_small_ones_alone) {
  tensor<float, 5, 7> a;
  tensor<float, 7, 3> x;
  a.fill([](long i) { return float(arbitrary<double>(1, i)); });
  x.fill([](long i) { return float(arbitrary<double>(2, i)); });
  EXPECT_EQ(blocks::evaluated<in_bf16<cuda_on_host>>(a * x), blocks::evaluated<cuda_on_host>(a * x));
}

}  // namespace
