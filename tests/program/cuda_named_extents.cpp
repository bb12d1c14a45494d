// SPDX-License-Identifier: BSL-1.0
// cuda_named_extents.cpp -- in: value and gradients over arrays with an extent that is known at run time only. out: on the
// CUDA backend's blocks what the scalar backend gives in double, at each extent, the same to the bit in each order.

#include "../backend/blocks.hpp"

namespace {

using namespace knit;

constexpr int most = 67;
constexpr long batch = dyn<"batch", most>;

/// F's value at w... and the first n columns of an array, and all derivatives.
template <class Backend, class F, long Rows, class... W> std::vector<double> computed(int n, W const&... w) {
  std::vector<float> memory;
  for (long i = 0; i < Rows * n; ++i) memory.push_back(arrays::arbitrary<float>(7, i));
  memory.shrink_to_fit();
  using X = view<float, Rows, batch>;
  const X x(memory.data(), n);
  value_and_gradients<Backend, F, W..., X> f;
  std::vector<double> all;
  std::tuple<W...> dw{W()...};
  tensor<float, Rows, batch> dx;
  std::apply([&](auto&... d) { all.push_back(double(f(w..., x, d..., dx))); }, dw);
  auto add = [&](auto const& d) {
    for (long i = 0; i < d.size(); ++i) all.push_back(double(d[i]));
  };
  std::apply([&](auto const&... d) { (add(d), ...); }, dw);
  EXPECT_EQ(dx.size(), Rows * n);
  add(dx);
  return all;
}
template <class F, long Rows, class... W> void agree(W const&... w) {
  for (int n : {1, 2, 16, 33, 66, most}) {
    const std::string what = std::to_string(n) + " columns";
    const auto right = computed<scalar_backend<double>, F, Rows>(n, w...);
    auto near = [&](std::string const& name, std::vector<double> const& got) {
      ASSERT_EQ(right.size(), got.size());
      for (std::size_t i = 0; i < right.size(); ++i) ASSERT_NEAR(right[i], got[i], 2e-5 * (1 + std::abs(right[i]))) << name << ", number " << i;
    };
    near(what, blocks::in_all_orders(what, [&]<class B>(B) { return computed<B, F, Rows>(n, w...); }));
    near(what + ", in few blocks", computed<blocks::few_blocks_on_fibers, F, Rows>(n, w...));
  }
}
template <long... N> auto filled(int seed) { return arrays::floats<N...>(seed); }

struct over_columns {  // reductions along and across, of each kind
  template <class X> constexpr auto operator()(X const& x) const {
    return mean(square(x - mean<1>(x))) + sum(max<0>(x)) + sum(max<1>(x) % mean<1>(x)) + mean(logsumexp<1>(3 * x));
  }
};
TEST(named_extents_on_blocks, reductions_end_where_columns_do) { agree<over_columns, 19>(); }

struct vector_of_columns {  // the axis in lanes is that of the columns
  template <class X> constexpr auto operator()(X const& x) const { return mean(sigm(x)) + max(x) + sum(square(x - mean(x))); }
};
TEST(named_extents_on_blocks, rows_of_one_element) { agree<vector_of_columns, 1>(); }

struct two_layers {
  template <class W, class B, class V, class X> constexpr auto operator()(W const& w, B const& b, V const& v, X const& x) const {
    return mean(square(v * tanh(w * x + b)));
  }
};
TEST(named_extents_on_blocks, products) { agree<two_layers, 21>(filled<36, 21>(1), filled<36>(2), filled<3, 36>(3)); }

struct turned {  // columns as rows of a product, and summed over by one
  template <class W, class X> constexpr auto operator()(W const& w, X const& x) const {
    return mean(square(transpose(x) * w)) + sum(square(x * transpose(x))) / 100;
  }
};
TEST(named_extents_on_blocks, products_of_transposed_arrays) { agree<turned, 20>(filled<20, 35>(1)); }

struct scalar_products {  // one for each column
  template <class W, class X> constexpr auto operator()(W const& w, X const& x) const {
    auto y = w * x;
    return sum(tanh(einsum<"kb,kb->b">(y, y))) + mean(square(einsum<"kb,mb->km">(y, y))) / 100;
  }
};
TEST(named_extents_on_blocks, scalar_products_of_columns) { agree<scalar_products, 9>(filled<21, 9>(1)); }

struct small_products {  // one for each column
  template <class X> constexpr auto operator()(X const& x) const {
    constexpr long n = X::shape.code(1);
    auto a = reshape<5, 4, n>(x);
    auto s = einsum<"ikb,jkb->ijb">(a, a);
    return mean(square(einsum<"ijb,jkb->ikb">(s, a))) + sum(square(einsum<"ikb,jkb->ij">(a, a))) / 100;
  }
};
TEST(named_extents_on_blocks, batches_of_products) { agree<small_products, 20>(); }

}  // namespace
