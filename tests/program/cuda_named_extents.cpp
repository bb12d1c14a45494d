// SPDX-License-Identifier: BSL-1.0
// cuda_named_extents.cpp -- in: value and gradients over arrays with an extent that is known at run time only. out: on the
// CUDA backend's blocks what the scalar backend gives in double, at each extent, the same to the bit in each order.

#include "../backend/blocks.hpp"
#include "named_extents.hpp"

namespace {

using namespace knit;
using namespace named_extents;

template <class F, long Rows, class... W> void agree(W const&... w) {
  for (int n : {1, 2, 16, 33, 66, most}) {
    const std::string what = std::to_string(n) + " columns";
    const auto right = computed<scalar_backend<double>, F, batch, Rows>(n, w...);
    auto near = [&](std::string const& name, std::vector<double> const& got) {
      ASSERT_EQ(right.size(), got.size());
      for (std::size_t i = 0; i < right.size(); ++i)
        ASSERT_NEAR(right[i], got[i], 2e-5 * (1 + std::abs(right[i]))) << name << ", number " << i;
    };
    near(what, blocks::in_all_orders(what, [&]<class B>(B) { return computed<B, F, batch, Rows>(n, w...); }));
    near(what + ", in few blocks", computed<blocks::few_blocks_on_fibers, F, batch, Rows>(n, w...));
  }
}
TEST(named_extents_on_blocks, reductions_end_where_columns_do) { agree<over_columns, 19>(); }

TEST(named_extents_on_blocks, rows_of_one_element) { agree<vector_of_columns, 1>(); }

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
