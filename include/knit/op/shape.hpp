// SPDX-License-Identifier: BSL-1.0
// shape.hpp -- views: transpose, reshape, broadcast; and what rules use instead of shapes: `..._like`.
#pragma once
#include <knit/op/arithmetic.hpp>

namespace knit {

struct sum_to_like_op;

/// Axis k of the result is axis Perm[k] of the operand. Costs nothing: it is another way to index.
template <int... Perm> struct transpose_op {
  static constexpr kind what = kind::view;
  static constexpr view_kind see = view_kind::transpose;
  static constexpr int arity = 1;
  static constexpr char const* name = "transpose";
  static constexpr int given[sizeof...(Perm)] = {Perm...};
  static constexpr int axis(int k) { return k < int(sizeof...(Perm)) ? given[k] : k; }
  static constexpr int perm[max_rank] = {axis(0), axis(1), axis(2), axis(3)};
  static constexpr sentence complain(shape const*) {
    sentence t;
    bool named[max_rank]{}, all = sizeof...(Perm) <= max_rank;
    for (int from : perm) {
      all = all && from >= 0 && from < max_rank && !named[from];
      if (all) named[from] = true;
    }
    if (!all) {
      t << "transpose<";
      for (int k = 0; k < int(sizeof...(Perm)); ++k) t << (k ? ", " : "") << given[k];
      t << ">: the axes of the operand in a new order, each named once, counted from 0, and at most " << max_rank << " of them";
    }
    return t;
  }
  static constexpr shape infer(shape const* s) {
    shape r = s[0];
    for (int k = 0; k < max_rank; ++k) r.copy_axis(k, s[0], perm[k]);
    r.rank = 0;
    for (int k = 0; k < max_rank; ++k)
      if (r.extent[k] > 1 || k < s[0].rank) r.rank = k + 1;
    if (s[0].rank == 1 && r.rank < 2) r.rank = 2;  // the transpose of a vector is a row
    return r;
  }
  static constexpr int where(int axis) {
    for (int k = 0; k < max_rank; ++k)
      if (perm[k] == axis) return k;
    return axis;
  }
  static constexpr auto pullback(auto, auto g, auto) {
    return grads(make<transpose_op<where(0), where(1), where(2), where(3)>>(g));
  }
};

namespace detail {
/// `call` makes `from` of `to` or the other way: of `narrow`, repeated along axes of extent 1, `large`.
constexpr sentence like_complaint(char const* call, char const* does, shape const* s, shape const& narrow, shape const& large) {
  sentence t;
  for (int k = 0; k < max_rank; ++k)
    if (t.empty() && narrow.extent[k] != 1 && !same_axis(narrow, k, large, k))
      t << call << "(a, b): a of shape " << s[0] << " cannot be " << does << " shape " << s[1]
        << "; along each axis extents must be equal or that of the smaller array 1, so reshape or transpose "
           "one";
  return t;
}
}  // namespace detail

/// The operand repeated along its axes of extent 1, to the shape of the second.
struct broadcast_like_op {
  static constexpr kind what = kind::view;
  static constexpr view_kind see = view_kind::broadcast;
  static constexpr int arity = 1;
  static constexpr bool like = true;
  static constexpr char const* name = "broadcast";
  static constexpr sentence complain(shape const* s) {
    return detail::like_complaint("broadcast_like", "repeated to", s, s[0], s[1]);
  }
  static constexpr shape infer(shape const* s) { return s[1]; }
  static constexpr auto pullback(auto, auto g, auto a, auto) { return grads(make<sum_to_like_op>(g, a)); }
};

/// Sums over whatever broadcasting the second operand's shape would have repeated.
struct sum_to_like_op {
  static constexpr kind what = kind::reduce;
  static constexpr combine how = combine::sum;
  static constexpr int arity = 1;
  static constexpr bool like = true;
  static constexpr char const* name = "sum_to";
  static constexpr sentence complain(shape const* s) { return detail::like_complaint("sum_to_like", "summed to", s, s[1], s[0]); }
  static constexpr shape infer(shape const* s) { return s[1]; }
  static constexpr bool reduces(int axis, shape from, shape to) { return from.extent[axis] > 1 && to.extent[axis] == 1; }
  static constexpr auto pullback(auto, auto g, auto a, auto) { return grads(make<broadcast_like_op>(g, a)); }
};

/// The elements of the first operand, first index fastest, under the extents of the second.
struct reshape_like_op {
  static constexpr kind what = kind::view;
  static constexpr view_kind see = view_kind::reshape;
  static constexpr int arity = 1;
  static constexpr bool like = true;
  static constexpr char const* name = "reshape";
  static constexpr shape infer(shape const* s) { return s[1]; }
  static constexpr auto pullback(auto, auto g, auto a, auto) { return grads(make<reshape_like_op>(g, a)); }
};
/// Do shapes lie the same way in order of first index fastest, whatever their named extents are? If the last extents, that
/// are not 1, are the only named ones, or nothing but extents of 1 differs.
constexpr bool keeps_names(shape a, shape b) {
  int i = max_rank - 1, k = max_rank - 1;
  for (bool moved = false; i >= 0 && k >= 0; --i, --k) {
    while (i > 0 && a.extent[i] == 1) --i;
    while (k > 0 && b.extent[k] == 1) --k;
    if ((a.name[i] || b.name[k]) && (moved || !same_axis(a, i, b, k))) return false;
    moved = moved || !same_axis(a, i, b, k);
  }
  for (; i >= 0; --i)
    if (a.name[i]) return false;
  for (; k >= 0; --k)
    if (b.name[k]) return false;
  return true;
}
/// The same elements in order of first index fastest, under other extents.
template <long... N> struct reshape_op {
  static constexpr kind what = kind::view;
  static constexpr view_kind see = view_kind::reshape;
  static constexpr int arity = 1;
  static constexpr char const* name = "reshape";
  static constexpr shape infer(shape const*) { return extents<N...>::value; }
  static constexpr sentence complain(shape const* s) {
    sentence t;
    if (s[0].size() != extents<N...>::value.size())
      t << "reshape: " << s[0] << " has " << s[0].size() << " elements and " << extents<N...>::value << " has "
        << extents<N...>::value.size() << "; a reshape keeps every element, so make the counts equal";
    else if (!keeps_names(s[0], extents<N...>::value))
      t << "reshape: " << s[0] << " to " << extents<N...>::value
        << "; an extent that is known at run time only must be the last of both, under the same name, or elements would move";
    return t;
  }
  static constexpr auto pullback(auto, auto g, auto a) { return grads(make<reshape_like_op>(g, a)); }
};

/// Number of elements of the first operand for each element of the second: the count that a mean divides by.
struct count_per_op {
  static constexpr kind what = kind::map;
  static constexpr int arity = 1;
  static constexpr bool like = true;
  static constexpr char const* name = "count";
  static constexpr shape infer(shape const*) { return shape{}; }
  static constexpr bool counts = true;
  template <class V> KNIT_FN static V eval(V) { return V(0); }  // never runs: a number once shapes are known
};

namespace detail {
template <long... N> constexpr sentence no_extent() {
  sentence t;
  constexpr long given[] = {N..., 0};
  for (int k = 0; k < int(sizeof...(N)); ++k)
    if (t.empty() && given[k] < 1 && name_of(given[k]) == 0)
      t << "reshape to an extent of " << given[k]
        << ": extents are at least 1, and none is worked out from the others; write the number";
  if (t.empty() && sizeof...(N) > max_rank) t << "reshape to " << int(sizeof...(N)) << " axes: an array has at most " << max_rank;
  return t;
}
}  // namespace detail

/// Rows become columns: m x n becomes n x m. A vector of n becomes a row of 1 x n.
template <function_operand A> constexpr auto transpose(A&& a) { return make<transpose_op<1, 0>>(std::forward<A>(a)); }
/// Axis k of the result is axis Perm[k] of a, counted from 0. An axis that is named twice is an error of the compiler.
template <int... Perm, function_operand A> requires(sizeof...(Perm) > 0) constexpr auto transpose(A&& a) {
  return make<transpose_op<Perm...>>(std::forward<A>(a));
}
/// The elements of a, first index fastest, under the extents N. Another number of elements is an error of the compiler, and so is an
/// extent known at run time only that is not the last of both.
template <long... N, function_operand A> constexpr auto reshape(A&& a) {
  if constexpr (constexpr sentence s = detail::no_extent<N...>(); !s.empty()) return complain<s>();
  else return make<reshape_op<N...>>(std::forward<A>(a));
}

/// Knet's mat: the last axis stays, the others become one: images of width x height x channels x instances become columns.
struct mat_function {
  /// a is n0 x ... x last, the result (n0 * ...) x last; a vector of n becomes n x 1.
  template <function_operand A> constexpr auto operator()(A&& a) const {
    if constexpr (poison<A>) return poisoned{};
    else {
      constexpr shape s = lifted<A>::shape;
      constexpr int last = s.rank > 1 ? s.rank - 1 : 1;
      return reshape<s.size() / s.extent[last], s.code(last)>(std::forward<A>(a));
    }
  }
};
/// `mat(x)`, and `mat` among the layers of a chain: see mat_function.
inline constexpr mat_function mat{};
/// The other way: columns as arrays of the extents N, with the instances behind those.
template <long... N> struct unmat_function {
  /// a is (product of N) x last, the result N... x last.
  template <function_operand A> constexpr auto operator()(A&& a) const {
    if constexpr (poison<A>) return poisoned{};
    else return reshape<N..., lifted<A>::shape.code(1)>(std::forward<A>(a));
  }
};
/// `unmat<28, 28, 1>(x)`, and among the layers of a chain: see unmat_function.
template <long... N> inline constexpr unmat_function<N...> unmat{};

/// a repeated, along its axes of extent 1, to the shape of b. Rules of derivatives are written with this and sum_to_like, because a
/// rule never sees a shape.
template <function_operand A, function_operand B> constexpr auto broadcast_like(A&& a, B&& b) {
  return make<broadcast_like_op>(std::forward<A>(a), std::forward<B>(b));
}
/// a summed over the axes along which b, of fewer elements, would be repeated to its shape; the result has the shape of b.
template <function_operand A, function_operand B> constexpr auto sum_to_like(A&& a, B&& b) {
  return make<sum_to_like_op>(std::forward<A>(a), std::forward<B>(b));
}

}  // namespace knit
