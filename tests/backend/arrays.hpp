// SPDX-License-Identifier: BSL-1.0
// arrays.hpp -- what the tests of the simd backend share: arbitrary arrays wherever they may lie, and expressions that are
// evaluated on several threads and compared.
#pragma once
#include <knit/knit.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

namespace arrays {

using namespace knit;

using position = std::array<int, max_rank>;

/// f(0) + ... + f(n - 1), one after the other.
template <class F> double summed(int n, F const& f) {
  double s = 0;
  for (int q = 0; q < n; ++q) s += f(q);
  return s;
}

/// Element i of an array that a seed names, in [-1, 1]: of float with exact decimals in binary, of double one that float
/// does not hold.
template <class T> T arbitrary(int seed, long i) {
  const auto bits = philox(std::uint64_t(seed), 0, std::uint64_t(i));
  if constexpr (std::is_same_v<T, float>) return float(bits[0] % 513) / 256 - 1;
  else return (double(bits[0]) * 0x1p32 + double(bits[1])) * 0x1p-63 - 1;
}
template <class T, long... N> tensor<T, N...> make_array(int seed) {
  tensor<T, N...> t;
  t.fill([&](long i) { return arbitrary<T>(seed, i); });
  return t;
}
template <long... N> tensor<float, N...> floats(int seed) { return make_array<float, N...>(seed); }
template <long... N> tensor<double, N...> doubles(int seed) { return make_array<double, N...>(seed); }
/// The same elements, plain, in memory that ends with the last of them.
template <class T, long... N> struct plain_array {
  std::vector<T> memory;
  explicit plain_array(int seed) {
    for (long i = 0; i < extents<N...>::value.size(); ++i) memory.push_back(arbitrary<T>(seed, i));
    memory.shrink_to_fit();
  }
  view<T, N...> operator()() const { return view<T, N...>(memory.data()); }
};

/// Offset of x in an array of shape s, first index fastest, repeated along its axes of extent 1.
inline long offset(shape s, position const& x) {
  long o = 0, by = 1;
  for (int q = 0; q < max_rank; ++q) {
    if (s.extent[q] > 1) o += x[std::size_t(q)] * by;
    by *= s.extent[q];
  }
  return o;
}
template <class F> void each_index(shape s, F const& f) {
  for (int d = 0; d < s.extent[3]; ++d)
    for (int c = 0; c < s.extent[2]; ++c)
      for (int b = 0; b < s.extent[1]; ++b)
        for (int a = 0; a < s.extent[0]; ++a) f(position{a, b, c, d});
}

/// What the expression that f makes is on 1 to 4 threads: the same to the bit each time.
template <class T, class F> std::vector<T> elements_of(char const* what, F const& f) {
  std::vector<T> first;
  for (int threads : {1, 2, 3, 4}) {
    thread_count() = threads;
    tensor y = f();
    static_assert(std::is_same_v<typename decltype(y)::value_type, T>);
    std::vector<T> elements;
    for (long i = 0; i < y.size(); ++i) elements.push_back(y[i]);
    if (threads == 1) first = elements;
    EXPECT_EQ(std::memcmp(elements.data(), first.data(), elements.size() * sizeof(T)), 0) << what << ", " << threads << " threads";
  }
  thread_count() = 0;
  return first;
}

/// That, in float, near g at each index.
template <class F, class G> void check(char const* what, F const& f, G const& g, double tolerance) {
  constexpr shape s = lifted<decltype(f())>::shape;
  const auto elements = elements_of<float>(what, f);
  for (long i = 0; i < s.size(); ++i) {
    position x{};
    long rest = i;
    for (int q = 0; q < max_rank; ++q) {
      x[std::size_t(q)] = int(rest % s.extent[q]);
      rest /= s.extent[q];
    }
    ASSERT_NEAR(elements[std::size_t(i)], g(x), tolerance)
        << what << " at " << x[0] << ", " << x[1] << ", " << x[2] << ", " << x[3];
  }
}

/// An expression computed by the scalar backend in double, first index fastest.
template <class E> std::vector<double> expected(E const& e) {
  std::vector<double> y(std::size_t(E::shape.size()));
  leaf_list<knit::detail::scalar_evaluation<E>> leaves;
  knit::detail::add_bindings(e.bound, leaves);
  void* outputs[] = {y.data()};
  typename scalar_backend<double>::program<knit::detail::scalar_evaluation<E>>().run(leaves.data(), outputs);
  return y;
}

/// The same in double, near the scalar backend's. Where many are added, an error is one of their sum without signs, whose
/// size `terms` is.
template <class F> void check(char const* what, F const& f, double terms = 1) {
  const auto elements = elements_of<double>(what, f);
  const auto right = expected(f());
  for (std::size_t i = 0; i < right.size(); ++i)
    ASSERT_NEAR(elements[i], right[i], 1e-14 * (terms + std::abs(right[i]))) << what << ", element " << i;
}

}  // namespace arrays
