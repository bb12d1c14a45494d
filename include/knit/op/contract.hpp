// SPDX-License-Identifier: BSL-1.0
// contract.hpp -- the product that sums over shared axes: `*` with the meaning of linear algebra, einsum for all others.
#pragma once
#include <knit/op/reduce.hpp>

namespace knit {

/// Names of the axes of an array, a letter each, first index first.
struct axis_labels {
  char at[max_rank + 1]{};
  constexpr axis_labels(char const* s) {
    for (int k = 0; k < max_rank && s[k]; ++k) at[k] = s[k];
  }
  constexpr int count() const {
    int n = 0;
    while (at[n]) ++n;
    return n;
  }
};

/// Sum over the letters of A and B that C lacks: contract_op<"mk", "kn", "mn"> is the matrix product. Letters
/// of all three are batch axes. Its derivatives are contractions again, with the letters moved around.
template <axis_labels A, axis_labels B, axis_labels C> struct contract_op {
  static constexpr kind what = kind::contract;
  static constexpr int arity = 2;
  static constexpr char const* name = "*";
  static constexpr bool infix = true;
  static constexpr char const* labels[3] = {A.at, B.at, C.at};

  static constexpr shape infer(shape const* s) {
    shape r;
    for (; r.rank < max_rank && C.at[r.rank]; ++r.rank)
      for (int k = max_rank - 1; k >= 0; --k) {
        if (B.at[k] == C.at[r.rank]) r.copy_axis(r.rank, s[1], k);
        if (A.at[k] == C.at[r.rank]) r.copy_axis(r.rank, s[0], k);
      }
    return r;
  }
  static constexpr sentence complain(shape const* s) {
    sentence t;
    for (int i = 0; A.at[i]; ++i)
      for (int k = 0; B.at[k]; ++k)
        if (t.empty() && A.at[i] == B.at[k] && !same_axis(s[0], i, s[1], k))
          t << "a * b: inner sizes differ, " << s[0] << " * " << s[1] << "; axis " << i << " of a has " << s[0].axis(i)
            << " and axis " << k << " of b has " << s[1].axis(k) << ", which must be equal: transpose one, or use % for elements";
    return t;
  }
  static constexpr auto pullback(auto, auto g, auto a, auto b) {
    return grads(make<contract_op<C, B, A>>(g, b), make<contract_op<A, C, B>>(a, g));
  }
};

namespace detail {
constexpr sentence product_complaint(shape a, shape b) {
  sentence t;
  if (a.rank == 1 && b.rank == 1)
    t << "a * b of two vectors, " << a << " * " << b
      << ", is not a product of linear algebra; use a % b for elements, dot(a, b) for the scalar product, a * transpose(b) for the "
         "matrix";
  else if (a.rank > 2 || b.rank > 2)
    t << "a * b multiplies matrices and vectors, and got " << a << " * " << b
      << "; make columns of the results of a convolution by mat, use einsum or bmm for arrays of more axes, "
         "% for elements";
  else if (a.rank == 1 && b.extent[0] != 1)
    t << "a * b: a vector " << a << " times a matrix " << b << " needs a matrix of one row; write transpose(a) * b";
  return t;
}
constexpr sentence dot_complaint(shape a, shape b) {
  sentence t;
  bool same = true;
  for (int k = 0; k < max_rank; ++k) same = same && same_axis(a, k, b, k);
  if (a.known() && b.known() && !same)
    t << "dot(a, b): shapes " << a << " and " << b << " differ, and each element of a meets one of b; transpose or reshape one";
  return t;
}
}  // namespace detail

/// The product of linear algebra: (m x k) * (k x n) is m x n, (m x k) * (k) is m, (m) * (1 x n) is m x n; where one side is a number
/// it scales the other. Inner sizes that differ, and other ranks, are an error of the compiler. The product of elements is %.
template <class A, class B> requires operands<A, B> constexpr auto operator*(A&& a, B&& b) {
  if constexpr (poison<A> || poison<B>) return poisoned{};
  else {
    constexpr shape s = lifted<A>::shape, t = lifted<B>::shape;
    if constexpr (s.rank == 0 || t.rank == 0) return make<mul_op>(std::forward<A>(a), std::forward<B>(b));
    else if constexpr (constexpr sentence wrong = detail::product_complaint(s, t); !wrong.empty()) return complain<wrong>();
    else if constexpr (s.rank == 1) return make<mul_op>(std::forward<A>(a), std::forward<B>(b));
    else if constexpr (t.rank == 1) return make<contract_op<"mk", "k", "m">>(std::forward<A>(a), std::forward<B>(b));
    else return make<contract_op<"mk", "kn", "mn">>(std::forward<A>(a), std::forward<B>(b));
  }
}
/// The scalar product, a number: the sum of the products of elements of arrays of one shape.
template <class A, class B> requires operands<A, B> constexpr auto dot(A&& a, B&& b) {
  if constexpr (poison<A> || poison<B>) return poisoned{};
  else if constexpr (constexpr sentence s = detail::dot_complaint(lifted<A>::shape, lifted<B>::shape); !s.empty())
    return complain<s>();
  else return sum(make<mul_op>(std::forward<A>(a), std::forward<B>(b)));
}

// ---- any axes, by letters ------------------------------------------------------------------------------------

/// What einsum is told: "mkb,knb->mnb", the letters of a's axes, of b's and of the result's, first index first.
struct einsum_labels {
  char text[32]{};
  char of[3][max_rank + 1]{};  ///< a, b, result
  bool well_formed = true;

  constexpr einsum_labels(char const* s) {
    for (int i = 0; s[i] && i + 1 < int(sizeof text); ++i) text[i] = s[i];
    int part = 0, n = 0;
    for (int i = 0; s[i] && well_formed; ++i) {
      const bool letter = (s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z');
      if (letter && n < max_rank) of[part][n++] = s[i];
      else if (s[i] == ',' && part == 0) part = 1, n = 0;
      else if (s[i] == '-' && s[i + 1] == '>' && part == 1) part = 2, n = 0, ++i;
      else well_formed = s[i] == ' ';
    }
    well_formed = well_formed && part == 2;
  }
  constexpr int count(int k) const {
    int n = 0;
    while (of[k][n]) ++n;
    return n;
  }
  constexpr int axis(int k, char letter) const {
    for (int i = 0; of[k][i]; ++i)
      if (of[k][i] == letter) return i;
    return -1;
  }
  /// Has only operand k axis i? Then it is summed over before anything is multiplied.
  constexpr bool alone(int k, int i) const { return axis(1 - k, of[k][i]) < 0 && axis(2, of[k][i]) < 0; }
  /// The letters of operand k that are not.
  constexpr axis_labels kept(int k) const {
    char c[max_rank + 1]{};
    for (int i = 0, n = 0; of[k][i]; ++i)
      if (!alone(k, i)) c[n++] = of[k][i];
    return axis_labels(c);
  }
};

namespace detail {
constexpr sentence einsum_complaint(einsum_labels const& l, shape const& a, shape const& b) {
  constexpr char const* names[] = {"a", "b", "the result"};
  shape const* shapes[] = {&a, &b};
  sentence t;
  auto begin = [&]() -> sentence& { return t << "einsum<\"" << l.text << "\">(a, b) of " << a << " and " << b << ": "; };
  if (!l.well_formed)
    begin() << "write the letters of the axes of a, a comma, those of b, an arrow and those of the result, at most " << max_rank
            << " each, as in \"mkb,knb->mnb\"";
  for (int k = 0; k < 3 && t.empty(); ++k)
    for (int i = 0; l.of[k][i] && t.empty(); ++i) {
      char const x = l.of[k][i], letter[] = {x, '\0'};
      if (l.axis(k, x) != i)
        begin() << names[k] << " has two axes " << letter << "; give each axis of one array a letter of its own";
      else if (k == 2 && l.axis(0, x) < 0 && l.axis(1, x) < 0)
        begin() << "the result has an axis " << letter << ", which neither a nor b has; use letters of theirs";
    }
  for (int k = 0; k < 2 && t.empty(); ++k)
    if (shapes[k]->known() && l.count(k) != shapes[k]->rank)
      begin() << "\"" << l.of[k] << "\" names " << l.count(k) << " axes of " << names[k] << ", which has " << shapes[k]->rank
              << "; give each a letter";
  for (int i = 0; l.of[0][i] && t.empty(); ++i)
    if (const int k = l.axis(1, l.of[0][i]); k >= 0 && a.known() && b.known() && !same_axis(a, i, b, k)) {
      char const letter[] = {l.of[0][i], '\0'};
      begin() << "axis " << letter << " is " << a.axis(i) << " long in a and " << b.axis(k)
              << " in b, and must be equal; give axes that differ different letters, or change an array";
    }
  return t;
}

/// Operand K of an einsum, summed over what it alone has.
template <einsum_labels L, int K, class X> constexpr auto einsum_operand(X&& x) {
  constexpr int rank = L.count(K), kept = L.kept(K).count();
  if constexpr (kept == rank) return lift(std::forward<X>(x));
  else if constexpr (kept == 0) return sum(std::forward<X>(x));
  else {
    constexpr shape s = lifted<X>::shape;
    constexpr auto nth = [](bool alone, int n) {
      for (int i = 0; i < rank; ++i)
        if (L.alone(K, i) == alone && n-- == 0) return i;
      return 0;
    };
    return [&]<int... S, int... R>(std::integer_sequence<int, S...>, std::integer_sequence<int, R...>) {
      return reshape<s.code(nth(false, R))...>(sum<nth(true, S)...>(std::forward<X>(x)));
    }(std::make_integer_sequence<int, rank - kept>{}, std::make_integer_sequence<int, kept>{});
  }
}
}  // namespace detail

/// Products of elements of a and b, summed over the letters that the result lacks: einsum<"mkb,knb->mnb">(a, b) is a
/// product of matrices for each b, einsum<"m,n->mn"> the outer product. Letters name axes, first index first, at most four for each
/// array. Letters that do not fit the shapes are an error of the compiler.
template <einsum_labels L, class A, class B> requires operands<A, B> constexpr auto einsum(A&& a, B&& b) {
  if constexpr (poison<A> || poison<B>) return poisoned{};
  else if constexpr (constexpr sentence wrong = detail::einsum_complaint(L, lifted<A>::shape, lifted<B>::shape); !wrong.empty())
    return complain<wrong>();
  else
    return make<contract_op<L.kept(0), L.kept(1), axis_labels(L.of[2])>>(detail::einsum_operand<L, 0>(std::forward<A>(a)),
                                                                         detail::einsum_operand<L, 1>(std::forward<B>(b)));
}
/// The products of a batch of matrices: (m x k x batch), (k x n x batch) give m x n x batch. Other shapes are an error of the compiler.
template <class A, class B> requires operands<A, B> constexpr auto bmm(A&& a, B&& b) {
  return einsum<"mkb,knb->mnb">(std::forward<A>(a), std::forward<B>(b));
}

}  // namespace knit
