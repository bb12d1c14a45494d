// SPDX-License-Identifier: BSL-1.0
// shape.hpp -- in: extents. out: shapes as values (for algorithms) and as types (for expressions).
#pragma once

namespace knit {

/// The most axes that an array has.
inline constexpr int max_rank = 4;

// An extent is a number, or a name and the most that it may be at run time. Both are one integer, for a type that holds
// integers costs compilers less than one that holds class values: 1 .. 2^31 - 1, or below 0 for `dyn`.
namespace detail {
inline constexpr int bound_bits = 21, name_length = 7;
constexpr int place_of(char c) {
  return c >= 'a' && c <= 'z'   ? c - 'a' + 1
         : c >= 'A' && c <= 'Z' ? c - 'A' + 27
         : c >= '0' && c <= '9' ? c - '0' + 53
         : c == '_'             ? 63
                                : 0;
}
/// The name of an axis: letters, digits, underscores.
struct axis_name {
  long code = 0;
#ifdef __CUDACC__  // for the compiler of the host, nvcc writes that number in place of the letters
  constexpr axis_name(long c) : code(c) {}
#endif
  consteval axis_name(char const* s) {
    for (int k = 0; s[k]; ++k) {
      if (k == name_length || place_of(s[k]) == 0) throw "knit: the name of an axis has 1 to 7 letters, digits or underscores";
      code = code << 6 | place_of(s[k]);
    }
    if (code == 0) throw "knit: the name of an axis has 1 to 7 letters, digits or underscores";
  }
};
constexpr long extent_code(int extent, long name) { return name == 0 ? extent : -(name << bound_bits | extent); }
constexpr int bound_of(long code) { return code < 0 ? int(-code & ((1l << bound_bits) - 1)) : int(code); }
constexpr long name_of(long code) { return code < 0 ? -code >> bound_bits : 0; }
/// A name as characters, written from the end of `to`; where it begins.
constexpr char const* spell(long name, char (&to)[name_length + 1]) {
  int at = name_length;
  to[at] = 0;
  for (; name > 0; name >>= 6) {
    const int p = int(name & 63);
    to[--at] = char(p <= 26 ? 'a' + p - 1 : p <= 52 ? 'A' + p - 27 : p <= 62 ? '0' + p - 53 : '_');
  }
  return to + at;
}
}  // namespace detail

/// `tensor<float, 784, dyn<"batch", 100>>`: an extent that is known when a program runs, from 1 to Most (2 .. 2^21 - 1).
/// Axes of one name have one extent; memory and work are planned for the most.
template <detail::axis_name Name, int Most> inline constexpr long dyn = [] {
  static_assert(Most > 1 && Most < 1 << detail::bound_bits, "knit: dyn<name, most>: most is from 2 to 2097151");
  return detail::extent_code(Most, Name.code);
}();

/// The extents of an array, first index fastest. Missing trailing axes count as 1, so a vector of 256
/// broadcasts along the columns of a 256 x 100 matrix. Rank -1 is "not known yet": the holes of a
/// derivative rule, which never look at a shape.
struct shape {
  int rank = 0;
  int extent[max_rank] = {1, 1, 1, 1};  ///< or the most that it may be
  long name[max_rank] = {0, 0, 0, 0};   ///< of an extent that is known at run time only; 0: it is known

  /// Makes axis k like axis `axis` of another shape. An op's shape rule uses it, or a name is lost.
  constexpr void copy_axis(int k, shape const& from, int axis) {
    extent[k] = from.extent[axis];
    name[k] = from.name[axis];
  }
  /// Makes the extent of axis k 1.
  constexpr void drop_axis(int k) {
    extent[k] = 1;
    name[k] = 0;
  }
  constexpr bool named() const { return (name[0] | name[1] | name[2] | name[3]) != 0; }
  constexpr long code(int k) const { return detail::extent_code(extent[k], name[k]); }
  /// One axis, for a sentence.
  struct one_axis {
    int extent;
    long name;
  };
  constexpr one_axis axis(int k) const { return {extent[k], name[k]}; }

  /// Number of elements, the most there may be.
  constexpr long size() const {
    long n = 1;
    for (int e : extent) n *= e;
    return n;
  }
  constexpr bool known() const { return rank >= 0; }
  constexpr bool operator==(shape const&) const = default;
};

/// Of what is not an array yet.
inline constexpr shape unknown_shape{-1, {1, 1, 1, 1}, {}};

/// Do axis i of a and axis k of b have one extent?
constexpr bool same_axis(shape const& a, int i, shape const& b, int k) {
  return a.extent[i] == b.extent[k] && a.name[i] == b.name[k];
}
/// The same extents, whatever the ranks: memory cannot tell n from n x 1.
constexpr bool same_extents(shape a, shape b) {
  for (int k = 0; k < max_rank; ++k)
    if (!same_axis(a, k, b, k)) return false;
  return true;
}

/// The same shape as a type: extents<256, 100>.
template <long... N> struct extents {
  static_assert(sizeof...(N) <= max_rank, "knit: an array has at most 4 axes");
  static_assert(((N != 0 && (N > 0 || detail::name_of(N) > 0)) && ...), "knit: an extent is at least 1");
  static_assert(((N <= 2147483647) && ...), "knit: an extent is at most 2147483647");
  static constexpr int named = ((N < 0) + ... + 0);  ///< how many are known at run time only
  static constexpr shape value = [] {
    shape s{int(sizeof...(N))};
    int k = 0;
    ((s.extent[k] = detail::bound_of(N), s.name[k++] = detail::name_of(N)), ...);
    return s;
  }();
};
/// Of a number.
template <> struct extents<> {
  static constexpr int named = 0;
  static constexpr shape value{};
};
/// Of what is not an array yet: its shape follows from what it is called with.
struct unknown_extents {
  static constexpr shape value = unknown_shape;
};

namespace detail {
// Integers, not a class value, for the sake of the compilers.
template <int Rank, long A, long B, long C, long D> struct extents_from {
  using type = extents<A, B, C, D>;
};
template <long A, long B, long C, long D> struct extents_from<-1, A, B, C, D> {
  using type = unknown_extents;
};
template <long A, long B, long C, long D> struct extents_from<0, A, B, C, D> {
  using type = extents<>;
};
template <long A, long B, long C, long D> struct extents_from<1, A, B, C, D> {
  using type = extents<A>;
};
template <long A, long B, long C, long D> struct extents_from<2, A, B, C, D> {
  using type = extents<A, B>;
};
template <long A, long B, long C, long D> struct extents_from<3, A, B, C, D> {
  using type = extents<A, B, C>;
};
}  // namespace detail

/// A shape of the given extents; trailing axes are 1.
template <class... Index> constexpr shape make_shape(Index... n) {
  shape s;
  s.rank = int(sizeof...(Index));
  int k = 0;
  ((s.extent[k] = detail::bound_of(n), s.name[k++] = detail::name_of(n)), ...);
  return s;
}

/// Do two shapes broadcast: along every axis, equal or one of them 1?
constexpr bool broadcasts(shape a, shape b) {
  for (int k = 0; k < max_rank; ++k)
    if (!same_axis(a, k, b, k) && a.extent[k] != 1 && b.extent[k] != 1) return false;
  return true;
}

/// The common shape of two that broadcast.
constexpr shape broadcast(shape a, shape b) {
  shape s;
  s.rank = a.rank > b.rank ? a.rank : b.rank;
  for (int k = 0; k < max_rank; ++k) s.copy_axis(k, a.extent[k] == 1 ? b : a, k);
  return s;
}

}  // namespace knit
