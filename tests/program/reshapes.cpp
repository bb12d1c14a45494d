// SPDX-License-Identifier: BSL-1.0
// reshapes.cpp -- in: functions that move elements to other extents, cut along an axis that stays. out: value and derivatives of the
// scalar backend in double, on lanes with any number of threads and on blocks in any order.

#include "../backend/blocks.hpp"
#include "named_extents.hpp"

namespace {

using namespace knit;
using namespace named_extents;

/// Slabs wherever there may be some, of which each run has several.
struct forced {
  static constexpr tuning tune = [] {
    tuning t;
    t.serial_below = t.meeting_flops = 0;
    t.slab_flops = 8;
    t.most_runs = 3;
    return t;
  }();
};
using everything_cut = basic_simd_backend<forced>;

/// Copies of a plan, and those of them that a slab cuts.
struct copies {
  int all = 0, cut = 0;
};
template <class Program> constexpr copies copies_of() {
  using P = typename Program::compiled_type;
  copies c;
  for (int s = 0; s < P::plan.step_count; ++s) {
    step const& of = P::plan.steps[s];
    if (of.kind != step_kind::copy) continue;
    ++c.all;
    c.cut += of.cut != no_axis && P::plan.regions[of.region].slabs > 1;
  }
  return c;
}
/// Has F's program with its derivatives so many copies that are cut, or more, on lanes and on blocks?
template <class F, int Least, class... A> constexpr bool cuts() {
  return copies_of<typename value_and_gradients<everything_cut, F, A...>::program>().cut >= Least &&
         copies_of<typename value_and_gradients<blocks::few_blocks_on_fibers, F, A...>::program>().cut >= Least;
}

/// What compute(backend) gives: the same everywhere.
template <class Compute> void agree(std::string const& what, double tolerance, Compute const& compute) {
  const std::vector<double> right = compute(scalar_backend<double>{});
  auto near = [&](std::string const& where, std::vector<double> const& got) {
    ASSERT_EQ(right.size(), got.size());
    for (std::size_t i = 0; i < right.size(); ++i)
      ASSERT_NEAR(right[i], got[i], tolerance * (1 + std::abs(right[i]))) << what << where << ", number " << i;
  };
  for (int threads : {1, 2, 3}) {
    thread_count() = threads;
    near(" on lanes", compute(everything_cut{}));
  }
  thread_count() = 0;
  near(" as it is planned", compute(simd_backend{}));
  near(" on blocks", blocks::in_all_orders(what, compute));
  near(" on few blocks", compute(blocks::few_blocks_on_fibers{}));
}
/// F of one array of known extents, and of columns whose number is known at run time.
template <class F, class T, long... N> void agree(double tolerance = 2e-5) {
  agree("", tolerance, [&]<class B>(B) {
    tensor<T, N...> x, dx;
    x.fill([](long i) { return arbitrary(7, i); });
    value_and_gradients<B, F, tensor<T, N...>> f;
    std::vector<double> all{double(f(x, dx))};
    for (long i = 0; i < dx.size(); ++i) all.push_back(double(dx[i]));
    return all;
  });
}
template <class F, long Rows, class... W> void agree_on_columns(W const&... w) {
  for (int n : {1, 2, 16, 33, most})
    agree(std::to_string(n) + " columns", 2e-5, [&]<class B>(B) { return computed<B, F, batch, Rows>(n, w...); });
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
TEST(reshapes, of_columns_that_stay) {
  static_assert(cuts<columns_stay, 6, view<float, 21, batch>>());
  agree_on_columns<columns_stay, 21>();
}
TEST(reshapes, of_columns_whose_number_is_known) {
  static_assert(cuts<columns_stay, 6, tensor<float, 21, 90>>());
  agree<columns_stay, float, 21, 90>();
}

/// Weights lie in panels of 32 rows, and of runs of 20 of these one goes from panel to panel.
struct of_weights {
  template <class W, class X> constexpr auto operator()(W const& w, X const& x) const {
    return mean(square(reshape<20, 12>(w) * x));
  }
};
TEST(reshapes, of_weights_in_panels) { agree_on_columns<of_weights, 12>(filled<40, 6>(3)); }

/// Rows stay: a slab is some of those that lie side by side.
struct rows_stay {
  template <class X> constexpr auto operator()(X const& x) const {
    const auto a = reshape<200, 4, 4>(tanh(x));
    return sum(square(reshape<200, 16>(a % mean<1>(a)) - x)) / 100;
  }
};
TEST(reshapes, of_rows_that_stay) {
  static_assert(cuts<rows_stay, 4, tensor<float, 200, 16>>());
  agree<rows_stay, float, 200, 16>();
}
TEST(reshapes, of_rows_of_doubles) {
  static_assert(copies_of<value_and_gradients<everything_cut, rows_stay, tensor<double, 200, 16>>::program>().cut >= 4);
  agree<rows_stay, double, 200, 16>(1e-12);
}

/// Rows stay that were, or become, columns of one element.
struct rows_of_columns {
  template <class X> constexpr auto operator()(X const& x) const {
    const auto a = reshape<400, 2, 3>(mean<0>(tanh(x)));
    return sum(square(reshape<1, 400, 6>(exp(a) % mean<1>(a)) - mean<0>(x))) / 100;
  }
};
TEST(reshapes, of_rows_that_lie_behind_an_axis_of_one) {
  static_assert(cuts<rows_of_columns, 3, tensor<float, 3, 400, 6>>());
  agree<rows_of_columns, float, 3, 400, 6>();
}
struct grey {
  template <class X> constexpr auto operator()(X const& x) const {
    const auto a = reshape<4000, 2, 3>(mean<0>(tanh(x)));
    return sum(square(exp(a) % mean<1>(a))) / 1000;
  }
};
TEST(reshapes, of_what_was_reduced_along_its_first_axis_as_it_is_planned) {
  static_assert(copies_of<value_and_gradients<simd_backend, grey, tensor<float, 3, 4000, 6>>::program>().cut > 0);
  agree<grey, float, 3, 4000, 6>();
}

/// An axis in the middle stays: 6 before it and 4 behind.
struct middle_stays {
  template <class X> constexpr auto operator()(X const& x) const {
    const auto a = reshape<2, 3, 50, 4>(tanh(reshape<6, 50, 4>(x)));
    return sum(square(exp(a) - mean<3>(a)) % mean<0>(a)) / 100;
  }
};
TEST(reshapes, of_an_axis_in_the_middle) {
  static_assert(cuts<middle_stays, 2, tensor<float, 60, 20>>());
  agree<middle_stays, float, 60, 20>();
}

/// What is copied is seen through views that sample.
struct pooled {
  template <class X> constexpr auto operator()(X const& x) const {
    const auto y = pool<2>(tanh(reshape<6, 4, 5, 40>(x)));
    return sum(square(reshape<30, 40>(y))) + sum(square(reshape<15, 2, 40>(2 * y)));
  }
};
TEST(reshapes, of_what_is_sampled) {
  static_assert(cuts<pooled, 3, tensor<float, 120, 40>>());
  agree<pooled, float, 120, 40>();
}

/// A state that is read through copies, and overwritten in the same region.
template <class W> struct weighed {
  BOOST_HANA_DEFINE_STRUCT(weighed, (W, w));
  template <class X> constexpr auto operator()(X const& x) const {
    const auto a = reshape<3, 4, 700>(w) % tanh(reshape<3, 4, 700>(x));
    const auto b = reshape<12, 700>(a - mean<0>(a));
    return mean(square(b - w)) + sum(square(reshape<2, 6, 700>(w))) / 1000;
  }
};
template <class T> void train_weighed(double tolerance) {
  std::vector<T> x(12 * 700);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = T(arbitrary(9, long(i)));
  auto trained = [&]<class B>(B) {
    weighed<tensor<T, 12, 700>> m{};
    m.w.fill([](long i) { return arbitrary(3, i); });
    using X = view<T, 12, 700>;
    training_step<B, decltype(m), momentum_rule, X> step{m, {.lr = 0.3f}};
    std::vector<double> all;
    for (int k = 0; k < 4; ++k) all.push_back(double(step(X(x.data()))));
    for (long i = 0; i < m.w.size(); ++i) all.push_back(double(m.w[i]));
    return all;
  };
  const auto right = trained(scalar_backend<double>{});
  for (int threads : {1, 3}) {
    thread_count() = threads;
    const auto got = trained(everything_cut{});
    ASSERT_EQ(right.size(), got.size());
    for (std::size_t i = 0; i < right.size(); ++i) ASSERT_NEAR(right[i], got[i], tolerance * (1 + std::abs(right[i]))) << i;
  }
  thread_count() = 0;
}
TEST(reshapes, of_a_state_that_is_overwritten) { train_weighed<float>(2e-5); }
TEST(reshapes, of_a_state_of_doubles) { train_weighed<double>(1e-11); }

}  // namespace
