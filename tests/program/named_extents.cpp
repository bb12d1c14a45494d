// SPDX-License-Identifier: BSL-1.0
// named_extents.cpp -- in: programs over arrays with an extent that is known at run time only. out: at each extent what a
// program computes whose extent the compiler knows, on both backends, whatever the number of threads.

#include <cmath>
#include <string>

#include "named_extents.hpp"

namespace {

using namespace knit;
using namespace named_extents;

template <class F, int N, long Rows, class... W> void agree_at(W const&... w) {
  const auto right = computed<scalar_backend<double>, F, N, Rows>(N, w...);
  const auto oracle = computed<scalar_backend<double>, F, batch, Rows>(N, w...);
  ASSERT_EQ(right.size(), oracle.size());
  for (std::size_t i = 0; i < right.size(); ++i)
    EXPECT_NEAR(right[i], oracle[i], 1e-7 * (1 + std::abs(right[i]))) << N << " columns, number " << i;
  std::vector<double> first;
  for (int threads : {1, 2, 3}) {
    thread_count() = threads;
    const auto got = computed<simd_backend, F, batch, Rows>(N, w...);
    ASSERT_EQ(right.size(), got.size());
    for (std::size_t i = 0; i < right.size(); ++i)
      ASSERT_NEAR(right[i], got[i], 2e-5 * (1 + std::abs(right[i]))) << N << " columns, number " << i;
    if (threads == 1) first = got;
    else EXPECT_EQ(first, got);
  }
  thread_count() = 0;
}
template <class F, long Rows, class... W> void agree(W const&... w) {
  agree_at<F, 1, Rows>(w...);
  agree_at<F, 2, Rows>(w...);
  agree_at<F, 16, Rows>(w...);
  agree_at<F, 33, Rows>(w...);
  agree_at<F, 66, Rows>(w...);
  agree_at<F, most, Rows>(w...);
}

struct mean_of_squares {
  template <class X> constexpr auto operator()(X const& x) const { return mean(square(x)); }
};
TEST(named_extents, means_divide_by_the_columns_that_are_there) { agree<mean_of_squares, 5>(); }

TEST(named_extents, reductions_end_where_columns_do) { agree<over_columns, 19>(); }

TEST(named_extents, rows_of_one_element) { agree<vector_of_columns, 1>(); }

TEST(named_extents, products) { agree<two_layers, 21>(filled<37, 21>(1), filled<37>(2), filled<3, 37>(3)); }

struct turned {  // columns as rows of a product, and summed over by one
  template <class W, class X> constexpr auto operator()(W const& w, X const& x) const {
    return mean(square(transpose(x) * w)) + sum(square(x * transpose(x)));
  }
};
TEST(named_extents, products_of_transposed_arrays) { agree<turned, 21>(filled<21, 35>(1)); }

struct scalar_products {  // one for each column: the lanes run along them, or the terms do
  template <class W, class X> constexpr auto operator()(W const& w, X const& x) const {
    auto y = w * x;
    return sum(tanh(einsum<"kb,kb->b">(y, y))) + mean(square(einsum<"kb,mb->km">(y, y)));
  }
};
TEST(named_extents, scalar_products_of_columns) { agree<scalar_products, 9>(filled<21, 9>(1)); }

struct one_row {  // its lanes are columns
  template <class W, class X> constexpr auto operator()(W const& w, X const& x) const { return mean(square(tanh(w * x))); }
};
TEST(named_extents, products_of_one_row) { agree<one_row, 35>(filled<1, 35>(1)); }

struct small_products {  // one for each column
  template <class X> constexpr auto operator()(X const& x) const {
    constexpr long n = X::shape.code(1);
    auto a = reshape<5, 4, n>(x);
    auto s = einsum<"ikb,jkb->ijb">(a, a);
    return mean(square(einsum<"ijb,jkb->ikb">(s, a))) + sum(square(einsum<"ikb,jkb->ij">(a, a)));
  }
};
TEST(named_extents, batches_of_products) { agree<small_products, 20>(); }

struct one_alone {  // a letter that one operand alone has, beside a named axis
  template <class V, class X> constexpr auto operator()(V const& v, X const& x) const {
    return mean(square(einsum<"kb,m->bm">(x, v)));
  }
};
TEST(named_extents, sums_of_one_operand) { agree<one_alone, 3>(filled<4>(1)); }

TEST(named_extents, random_numbers_are_those_of_the_elements_that_are_there) {
  tensor<float, batch, 3> named;
  named.resize(0, 5);
  const tensor<float, 5, 3> known;
  const tensor a = eval(uniform_like(named, 7));
  const tensor b = eval(uniform_like(known, 7));
  ASSERT_EQ(a.size(), b.size());
  for (long i = 0; i < a.size(); ++i) EXPECT_EQ(a[i], b[i]) << i;
}

struct reshaped {
  template <class X> constexpr auto operator()(X const& x) const {
    return mean(square(reshape<3, 4, batch>(x) - mean<0>(reshape<3, 4, batch>(x))));
  }
};
struct reshaped_known {
  template <class X> constexpr auto operator()(X const& x) const {
    constexpr int n = X::shape.extent[1];
    return mean(square(reshape<3, 4, n>(x) - mean<0>(reshape<3, 4, n>(x))));
  }
};
TEST(named_extents, reshapes_that_keep_the_columns) {
  for (int n : {1, 16, 66, most}) {
    const auto right = computed<scalar_backend<double>, reshaped, batch, 12>(n);
    const auto got = computed<simd_backend, reshaped, batch, 12>(n);
    ASSERT_EQ(right.size(), got.size());
    for (std::size_t i = 0; i < right.size(); ++i) EXPECT_NEAR(right[i], got[i], 1e-6);
  }
  const auto known = computed<scalar_backend<double>, reshaped_known, 16, 12>(16),
             named = computed<scalar_backend<double>, reshaped, batch, 12>(16);
  EXPECT_EQ(known, named);
}

TEST(named_extents, live_expressions_take_them_over) {
  const columns<3> memory(1, 5);
  const view<float, 3, batch> x(memory.memory.data(), 5);
  const auto w = filled<2, 3>(3);
  tensor y = w * x;
  EXPECT_EQ(y.extent(1), 5);
  EXPECT_EQ(y.size(), 10);
  const view<float, 3, 5> known(memory.memory.data());
  const tensor right = w * known;
  for (int i = 0; i < 2; ++i)
    for (int k = 0; k < 5; ++k) EXPECT_FLOAT_EQ(y(i, k), right(i, k));
  EXPECT_THROW(y(0, 5), std::out_of_range);
  const columns<3> more(2, 9);
  const view<float, 3, batch> z(more.memory.data(), 9);
  y = w * z;  // another extent
  EXPECT_EQ(y.extent(1), 9);
  EXPECT_FLOAT_EQ(float(mean(z)), float(mean(view<float, 3, 9>(more.memory.data()))));
  const tensor<float, 2, batch> copy = y;
  EXPECT_EQ(copy.size(), 18);
}

TEST(named_extents, of_an_array_that_is_read_and_written) {
  tensor<float, 3, batch> x;
  x.fill([](long i) { return arbitrary(1, i); });
  x.resize(1, 5);
  const tensor<float, 3, batch> before = x;
  x = x % x - mean<1>(x);
  EXPECT_EQ(x.size(), 15);
  const tensor right = before % before - mean<1>(before);
  for (long i = 0; i < x.size(); ++i) EXPECT_EQ(x[i], right[i]);
  // The columns that a view of its memory shows end where they do, and so does the copy that is made of them.
  x = view<float, 3, batch>(x.data(), 4) * 2;
  EXPECT_EQ(x.extent(1), 4);
  for (long i = 0; i < x.size(); ++i) EXPECT_EQ(x[i], 2 * right[i]);
}

TEST(named_extents, are_explained) {
  const std::string text = explain(value_and_gradients<simd_backend, mean_of_squares, view<float, 5, batch>>());
  EXPECT_NE(text.find("leaf0 (5xbatch<=67) float\n"), std::string::npos) << text;
  EXPECT_NE(text.find(" int32, the extent of batch\n"), std::string::npos) << text;
}

TEST(named_extents, must_be_one_in_all_arrays) {
  const columns<3> memory(1, 5);
  const view<float, 3, batch> x(memory.memory.data(), 5), z(memory.memory.data(), 4);
  try {
    const tensor y = x + z;
    FAIL();
  } catch (std::invalid_argument const& e) {
    EXPECT_STREQ(e.what(), "knit: an axis `batch` has 4 entries here and 5 in another array; axes of one name have one extent");
  }
  EXPECT_THROW((view<float, 3, batch>(memory.memory.data(), 0)), std::invalid_argument);
  EXPECT_THROW((view<float, 3, batch>(memory.memory.data(), most + 1)), std::invalid_argument);
  tensor<float, 3, batch> t;
  EXPECT_EQ(t.extent(1), most);
  t.resize(1, 4);
  EXPECT_EQ(t.size(), 12);
  EXPECT_THROW(t.resize(0, 3), std::invalid_argument);
}

}  // namespace
