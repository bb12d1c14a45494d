// SPDX-License-Identifier: BSL-1.0
// planned.hpp -- what tests and benchmarks of the planner's choices share: models, and how often it chose.
#pragma once
#include <knit/nn/regression.hpp>
#include <knit/program.hpp>

namespace planned {

using namespace knit;

/// A function of an array and a number, as a model.
template <class W, class F> struct of_array {
  BOOST_HANA_DEFINE_STRUCT(of_array, (W, w), (F, f));
  template <class X> constexpr auto operator()(X&& x) const { return f(std::forward<X>(x), w); }
};
struct standardised {
  template <class X, class W> constexpr auto operator()(X const& x, W const& w) const {
    const auto c = x % w - mean(x);
    return c / sqrt(mean(square(c)));
  }
};
struct softmax_of_all {
  template <class X, class W> constexpr auto operator()(X const& x, W const& w) const {
    const auto e = exp(x % w);
    return e / sum(e);
  }
};

/// Values of a compiled program that lie in lanes along another axis than their first.
template <class P> constexpr int turned() {
  int n = 0;
  for (int v = 0; v < P::nodes; ++v)
    n += P::plan.roles[v] == role::computed && P::plan.lane[v] != lane_axis_of(space_of(P::graph, v));
  return n;
}

}  // namespace planned
