// SPDX-License-Identifier: BSL-1.0
// contractions.hpp -- in: an einsum and the sizes of its letters. out: it is what the scalar backend gives in double, whatever lies
// where, in float and double, the same to the bit for one to three threads.
#pragma once
#include "letters.hpp"

#include <cmath>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

namespace contractions {

using namespace knit;
using arrays::arbitrary, arrays::expected, arrays::make_array, arrays::sized;

/// Evaluates the expression that f makes with 1 to 3 threads: the same each time, near the scalar backend's.
template <class F> void check(std::string const& what, F const& f, double terms) {
  const std::vector<double> right = expected(f());
  using number = typename decltype([](auto const& g) {
    tensor y = g();
    return y;
  }(f))::value_type;
  const double tolerance = (std::is_same_v<number, float> ? 2e-7 : 4e-16) * (terms + 4);
  std::vector<number> first;
  for (int threads : {1, 2, 3}) {
    thread_count() = threads;
    tensor y = f();
    std::vector<number> elements;
    for (long i = 0; i < y.size(); ++i) elements.push_back(y[i]);
    if (threads == 1) {
      first = elements;
      for (std::size_t i = 0; i < elements.size(); ++i)
        ASSERT_NEAR(double(elements[i]), right[i], tolerance) << what << ", element " << i;
    } else
      ASSERT_EQ(std::memcmp(elements.data(), first.data(), elements.size() * sizeof(number)), 0)
          << what << ", " << threads << " threads";
  }
  thread_count() = 0;
}

template <einsum_labels L, int... Size> void check_labels() {
  using s = sized<L, Size...>;
  std::string what = L.text;
  for (int n : {Size...}) what += " " + std::to_string(n);
  const double terms = std::max({Size...}) * 10.;
  const auto a = s::template array<float, 0>(1);
  const auto b = s::template array<float, 1>(2);
  check(
      what, [&] { return einsum<L>(a, b); }, terms);
  check(
      what + ", computed, with an epilogue", [&] { return 0.5 * relu(einsum<L>(2 * a, abs(b))) + 1; }, terms);
  const auto c = s::template array<double, 0>(3);
  const auto d = s::template array<double, 1>(4);
  check(
      what + ", double", [&] { return abs(einsum<L>(c, d)); }, terms);
}

}  // namespace contractions
