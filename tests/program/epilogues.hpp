// SPDX-License-Identifier: BSL-1.0
// epilogues.hpp -- programs whose reductions go on in the step that makes what they reduce: what the scalar backend gives in
// double, the same to the bit for one to three threads.
#pragma once

#include <knit/knit.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

namespace epilogues_of_products {

using namespace knit;

template <class T, long... N> tensor<T, N...> filled(int seed) {
  tensor<T, N...> t;
  t.fill([&](long i) { return T(double(philox(std::uint64_t(seed), 0, std::uint64_t(i))[0]) * 0x1p-31 - 1); });
  return t;
}

/// Value and all derivatives of F.
template <class Backend, class F, class... X> std::vector<double> computed(X const&... x) {
  value_and_gradients<Backend, F, X...> f;
  std::tuple<X...> d;
  std::vector<double> all;
  std::apply([&](auto&... dx) { all.push_back(double(f(x..., dx...))); }, d);
  auto add = [&](auto const& dx) {
    for (long i = 0; i < dx.size(); ++i) all.push_back(double(dx[i]));
  };
  std::apply([&](auto const&... dx) { (add(dx), ...); }, d);
  return all;
}
template <class F, class... X> void agree(char const* what, X const&... x) {
  using T = typename std::tuple_element_t<0, std::tuple<X...>>::value_type;
  const double tolerance = std::is_same_v<T, float> ? 3e-5 : 1e-12;
  const auto right = computed<scalar_backend<double>, F>(x...);
  std::vector<double> first;
  for (int threads : {1, 2, 3}) {
    thread_count() = threads;
    const auto got = computed<simd_backend, F>(x...);
    for (std::size_t i = 0; i < right.size(); ++i)
      ASSERT_NEAR(got[i], right[i], tolerance * (1 + std::abs(right[i]))) << what << ", number " << i;
    if (threads == 1) first = got;
    else ASSERT_EQ(std::memcmp(first.data(), got.data(), got.size() * sizeof(double)), 0) << what << ", " << threads << " threads";
  }
  thread_count() = 0;
}

struct cross_entropy {  // rows of registers: the largest, the sum of exponentials, the probabilities
  template <class W, class B, class X, class Y> constexpr auto operator()(W const& w, B const& b, X const& x, Y const& y) const {
    auto p = logsoftmax<0>(w * x + b);
    return mean(y % p) + mean(max<0>(p));
  }
};
struct totals_of_columns {  // what the gradient of a bias is: a sum of each row, and one of all
  template <class W, class B, class X, class Y> constexpr auto operator()(W const& w, B const& b, X const& x, Y const& y) const {
    auto z = tanh(w * x + b);
    return mean(square(z - y)) + sum(square(mean<1>(z))) + sum(max<1>(z % y)) + max(z);
  }
};

template <class T, int M, int K, int N> void at_size() {
  const auto w = filled<T, M, K>(1);
  const auto b = filled<T, M>(2);
  const auto x = filled<T, K, N>(3);
  const auto y = filled<T, M, N>(4);
  agree<cross_entropy>("cross_entropy", w, b, x, y);
  agree<totals_of_columns>("totals_of_columns", w, b, x, y);
}

}  // namespace epilogues_of_products
