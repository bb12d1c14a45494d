// SPDX-License-Identifier: BSL-1.0
// contract.hpp -- the product that sums over shared axes, and `*` with the meaning of linear algebra.
#pragma once
#include <knit/op/reduce.hpp>

namespace knit {

/// Names of the axes of an array, a letter each, first index first.
struct axis_labels {
  char at[max_rank + 1]{};
  constexpr axis_labels(char const* s) {
    for (int k = 0; k < max_rank && s[k]; ++k) at[k] = s[k];
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
          t << "a * b: inner sizes differ, " << s[0] << " * " << s[1] << "; axis " << i << " of a has " << s[0].extent[i]
            << " and axis " << k << " of b has " << s[1].extent[k] << ", which must be equal: transpose one, or use % for elements";
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
      << ", is not a product of linear algebra; use a % b for elements, dot(a, b) for the scalar product, a * transpose(b) for the matrix";
  else if (a.rank > 2 || b.rank > 2)
    t << "a * b multiplies matrices and vectors, and got " << a << " * " << b << "; use % for elements";
  else if (a.rank == 1 && b.extent[0] != 1)
    t << "a * b: a vector " << a << " times a matrix " << b << " needs a matrix of one row; write transpose(a) * b";
  return t;
}
}  // namespace detail

/// The product of linear algebra: matrix by matrix, matrix by vector, vector by row; scaling when one side
/// is a scalar. For the product of elements use %.
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
/// The scalar product: the sum of the products of elements.
template <class A, class B> requires operands<A, B> constexpr auto dot(A&& a, B&& b) {
  return sum(make<mul_op>(std::forward<A>(a), std::forward<B>(b)));
}

}  // namespace knit
