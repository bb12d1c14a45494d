// SPDX-License-Identifier: BSL-1.0
// shape.hpp -- in: extents. out: shapes as values (for algorithms) and as types (for expressions).
#pragma once

namespace knit {

inline constexpr int max_rank = 4;

/// The extents of an array, first index fastest. Missing trailing axes count as 1, so a vector of 256
/// broadcasts along the columns of a 256 x 100 matrix. Rank -1 is "not known yet": the holes of a
/// derivative rule, which never look at a shape.
struct shape {
  int rank = 0;
  int extent[max_rank] = {1, 1, 1, 1};

  constexpr long size() const {
    long n = 1;
    for (int e : extent) n *= e;
    return n;
  }
  constexpr bool known() const { return rank >= 0; }
  constexpr bool operator==(shape const&) const = default;
};

inline constexpr shape unknown_shape{-1, {1, 1, 1, 1}};

/// The same shape as a type: extents<256, 100>.
template <int... N> struct extents {
  static_assert(sizeof...(N) <= max_rank, "knit: an array has at most 4 axes");
  static_assert(((N > 0) && ...), "knit: an extent is at least 1");
  static constexpr shape value = [] {
    shape s{int(sizeof...(N))};
    int k = 0;
    ((s.extent[k++] = N), ...);
    return s;
  }();
};
template <> struct extents<> {
  static constexpr shape value{};
};
struct unknown_extents {
  static constexpr shape value = unknown_shape;
};

namespace detail {
// Integers, not a class value, for the sake of the compilers.
template <int Rank, int A, int B, int C, int D> struct extents_from { using type = extents<A, B, C, D>; };
template <int A, int B, int C, int D> struct extents_from<-1, A, B, C, D> { using type = unknown_extents; };
template <int A, int B, int C, int D> struct extents_from<0, A, B, C, D> { using type = extents<>; };
template <int A, int B, int C, int D> struct extents_from<1, A, B, C, D> { using type = extents<A>; };
template <int A, int B, int C, int D> struct extents_from<2, A, B, C, D> { using type = extents<A, B>; };
template <int A, int B, int C, int D> struct extents_from<3, A, B, C, D> { using type = extents<A, B, C>; };
}  // namespace detail

/// A shape of the given extents; trailing axes are 1.
template <class... Index> constexpr shape make_shape(Index... n) {
  shape s;
  s.rank = int(sizeof...(Index));
  int k = 0;
  ((s.extent[k++] = int(n)), ...);
  return s;
}

/// Do two shapes broadcast: along every axis, equal or one of them 1?
constexpr bool broadcasts(shape a, shape b) {
  for (int k = 0; k < max_rank; ++k)
    if (a.extent[k] != b.extent[k] && a.extent[k] != 1 && b.extent[k] != 1) return false;
  return true;
}

/// The common shape of two that broadcast.
constexpr shape broadcast(shape a, shape b) {
  shape s;
  s.rank = a.rank > b.rank ? a.rank : b.rank;
  for (int k = 0; k < max_rank; ++k) s.extent[k] = a.extent[k] == 1 ? b.extent[k] : a.extent[k];
  return s;
}

}  // namespace knit
