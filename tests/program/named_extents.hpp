// SPDX-License-Identifier: BSL-1.0
// named_extents.hpp -- in: a function, and an array whose columns are counted at run time or known. out: its value and derivatives.
#pragma once
#include <knit/knit.hpp>

#include <gtest/gtest.h>

#include <tuple>
#include <vector>

namespace named_extents {

using namespace knit;

inline float arbitrary(int seed, long i) { return float(philox(std::uint64_t(seed), 0, std::uint64_t(i))[0]) * 0x1p-31f - 1; }

/// Memory for exactly the elements of an array of Rows rows and n columns, filled by seed.
template <long Rows> struct columns {
  std::vector<float> memory;
  columns(int seed, int n) {
    for (long i = 0; i < Rows * n; ++i) memory.push_back(arbitrary(seed, i));
    memory.shrink_to_fit();
  }
};

inline constexpr int most = 67;
inline constexpr long batch = dyn<"batch", most>;

/// F on n columns whose number the compiler knows, or not: value and derivatives with regard to all arguments.
template <class Backend, class F, long N, long Rows, class... W> auto computed(int n, W const&... w) {
  const columns<Rows> memory(7, n);
  using X = view<float, Rows, N>;
  X x;
  if constexpr (N < 0) x = X(memory.memory.data(), n);
  else x = X(memory.memory.data());
  value_and_gradients<Backend, F, W..., X> f;
  std::vector<double> all;
  std::tuple<W...> dw{W()...};
  tensor<float, Rows, N> dx;
  std::apply([&](auto&... d) { all.push_back(double(f(w..., x, d..., dx))); }, dw);
  auto add = [&](auto const& d) {
    for (long i = 0; i < d.size(); ++i) all.push_back(double(d[i]));
  };
  std::apply([&](auto const&... d) { (add(d), ...); }, dw);
  EXPECT_EQ(dx.size(), Rows * n);
  add(dx);
  return all;
}
template <long... N> tensor<float, N...> filled(int seed) {
  tensor<float, N...> t;
  t.fill([&](long i) { return arbitrary(seed, i); });
  return t;
}

struct over_columns {  // reductions along and across, of each kind
  template <class X> constexpr auto operator()(X const& x) const {
    return mean(square(x - mean<1>(x))) + sum(max<0>(x)) + sum(max<1>(x) % mean<1>(x)) + mean(logsumexp<1>(3 * x));
  }
};

struct vector_of_columns {  // the lanes run along the columns
  template <class X> constexpr auto operator()(X const& x) const { return mean(sigm(x)) + max(x) + sum(square(x - mean(x))); }
};

struct two_layers {
  template <class W, class B, class V, class X> constexpr auto operator()(W const& w, B const& b, V const& v, X const& x) const {
    return mean(square(v * tanh(w * x + b)));
  }
};

}  // namespace named_extents
