// SPDX-License-Identifier: BSL-1.0
// rule.hpp -- what update rules around another rule are made with.
#pragma once
#include <array>
#include <cstddef>
#include <tuple>
#include <utility>

namespace knit::detail {

// A rule around another is derived from it, so that its numbers are the other's and one more, the last.

template <std::size_t N> constexpr std::array<double, N + 1> with_number(std::array<double, N> const& numbers, double last) {
  return [&]<std::size_t... Index>(std::index_sequence<Index...>) {
    return std::array<double, N + 1>{numbers[Index]..., last};
  }(std::make_index_sequence<N>());
}
/// f(the last of x, the others in order).
template <class F, class... X> constexpr auto last_first(F const& f, X const&... x) {
  const std::tuple<X...> all(x...);
  return [&]<std::size_t... Index>(std::index_sequence<Index...>) {
    return f(std::get<sizeof...(X) - 1>(all), std::get<Index>(all)...);
  }(std::make_index_sequence<sizeof...(X) - 1>());
}

}  // namespace knit::detail
