// SPDX-License-Identifier: BSL-1.0
// reshapes.cpp -- in: functions that move elements to other extents, cut along an axis that stays. out: value and derivatives of the
// scalar backend in double, on lanes with any number of threads and on blocks in any order.

#include "../backend/blocks.hpp"
#include "named_extents.hpp"

namespace {

using namespace knit;
using namespace named_extents;

struct forced {
  static constexpr tuning tune = [] {
    tuning t;
    t.serial_below = t.meeting_flops = 0;
    t.slab_flops = 64;
    return t;
  }();
};
using everything_cut = basic_simd_backend<forced>;

/// Copies of a plan, and those of them that a slab cuts.
struct copies {
  int all = 0, cut = 0;
};
template <class Compiled> constexpr copies copies_of() {
  copies c;
  for (int s = 0; s < Compiled::plan.step_count; ++s) {
    step const& of = Compiled::plan.steps[s];
    if (of.kind != step_kind::copy) continue;
    ++c.all;
    c.cut += of.cut != no_axis && Compiled::plan.regions[of.region].slabs > 1;
  }
  return c;
}
template <class Backend, class F, long N, long Rows, class... W> using program_of =
    typename value_and_gradients<Backend, F, W..., view<float, Rows, N>>::program::compiled_type;

template <class F, long N, long Rows, class... W> void agree(W const&... w) {
  constexpr copies here = copies_of<program_of<everything_cut, F, N, Rows, W...>>();
  static_assert(here.all > 0 && (here.cut == here.all || sizeof...(W) > 0));
  for (int n : N < 0 ? std::vector{1, 2, 16, 33, most} : std::vector{int(N)}) {
    const std::string what = std::to_string(n) + " columns";
    const auto right = computed<scalar_backend<double>, F, N, Rows>(n, w...);
    auto near = [&](std::string const& name, std::vector<double> const& got) {
      ASSERT_EQ(right.size(), got.size());
      for (std::size_t i = 0; i < right.size(); ++i)
        ASSERT_NEAR(right[i], got[i], 2e-5 * (1 + std::abs(right[i]))) << name << ", number " << i;
    };
    for (int threads : {1, 2, 3}) {
      thread_count() = threads;
      near(what + " on lanes", computed<everything_cut, F, N, Rows>(n, w...));
    }
    thread_count() = 0;
    near(what + " on blocks", blocks::in_all_orders(what, [&]<class B>(B) { return computed<B, F, N, Rows>(n, w...); }));
  }
}

/// Columns stay, of rows that share 3, then 1, then 21 neighbours.
struct columns_stay {
  template <class X> constexpr auto operator()(X const& x) const {
    constexpr long n = X::shape.code(1);
    const auto a = reshape<3, 7, n>(tanh(x));
    const auto b = reshape<7, 3, n>(exp(a) % a);
    return mean(square(reshape<21, n>(b / (1 + max<1>(b))) - x));
  }
};
TEST(reshapes, of_columns_that_stay) { agree<columns_stay, batch, 21>(); }
TEST(reshapes, of_columns_whose_number_is_known) { agree<columns_stay, 48, 21>(); }

/// Rows stay: a slab is some of those that lie side by side.
struct rows_stay {
  template <class X> constexpr auto operator()(X const& x) const {
    const auto a = reshape<40, 4, 4>(tanh(x));
    return sum(square(reshape<40, 16>(a % mean<1>(a)) - x)) / 100;
  }
};
TEST(reshapes, of_rows_that_stay) { agree<rows_stay, 16, 40>(); }

/// Weights lie in panels of 32 rows, and of runs of 20 of these one goes from panel to panel.
struct of_weights {
  template <class W, class X> constexpr auto operator()(W const& w, X const& x) const {
    return mean(square(reshape<20, 12>(w) * x));
  }
};
TEST(reshapes, of_weights_in_panels) { agree<of_weights, batch, 12>(filled<40, 6>(3)); }

/// An axis in the middle stays: 6 before it and 4 behind.
struct middle_stays {
  template <class X> constexpr auto operator()(X const& x) const {
    const auto a = reshape<2, 3, 20, 4>(tanh(reshape<6, 20, 4>(x)));
    return sum(square(exp(a) - mean<3>(a)) % mean<0>(a)) / 100;
  }
};
TEST(reshapes, of_an_axis_in_the_middle) {
  constexpr copies here = copies_of<program_of<everything_cut, middle_stays, 16, 30>>();
  static_assert(here.all > 1 && here.cut > 0);
  const auto right = computed<scalar_backend<double>, middle_stays, 16, 30>(16);
  const auto got = computed<everything_cut, middle_stays, 16, 30>(16);
  const auto on_blocks = blocks::in_all_orders("", [&]<class B>(B) { return computed<B, middle_stays, 16, 30>(16); });
  ASSERT_EQ(right.size(), got.size());
  ASSERT_EQ(right.size(), on_blocks.size());
  for (std::size_t i = 0; i < right.size(); ++i) {
    EXPECT_NEAR(right[i], got[i], 2e-5 * (1 + std::abs(right[i]))) << i;
    EXPECT_NEAR(right[i], on_blocks[i], 2e-5 * (1 + std::abs(right[i]))) << i;
  }
}

}  // namespace
