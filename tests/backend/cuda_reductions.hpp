// SPDX-License-Identifier: BSL-1.0
// cuda_reductions.hpp -- in: a shape and axes. out: reductions over them are on the CUDA backend's blocks what they are on the
// scalar backend in double.
#pragma once
#include "blocks.hpp"

namespace blocks {

/// Sum, maximum and mean over Axes: alone, of maps and read by maps.
template <class T, int... Axes, long... N> void reductions(extents<N...>) {
  const auto a = arrays::make_array<T, N...>(1);
  const auto b = arrays::make_array<T, N...>(2);
  const double size = double(extents<N...>::value.size());
  check("max", [&] { return knit::max<Axes...>(a); });
  check(
      "sum of a map", [&] { return sum<Axes...>(square(a) % b); }, size);
  check("a map of two reductions", [&] { return a % mean<Axes...>(b) - knit::max<Axes...>(a); });
}

}  // namespace blocks
