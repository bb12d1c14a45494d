// SPDX-License-Identifier: BSL-1.0
// op.hpp -- in: what an op struct states. out: the same as plain data, for algorithms that never see a type.
#pragma once
#include <knit/core/device.hpp>
#include <knit/core/sentence.hpp>
#include <knit/core/shape.hpp>

namespace knit {

/// What a node is. Backends implement map, reduce, contract and scan; the others are gone before a plan is made.
enum class kind : unsigned char {
  parameter,  ///< leaf: a layer's own parameter, by its position in the layer
  argument,   ///< leaf: an argument of the functor that is being traced
  constant,   ///< leaf: a number that is part of the type
  bound,      ///< leaf: an array or number that the expression object refers to or holds
  map,        ///< elementwise over broadcast operands
  reduce,     ///< over some axes
  contract,   ///< product of two arrays summed over shared labels
  scan,       ///< along one axis, each element made of the one before it
  view,       ///< the same elements in other places: transpose, broadcast, reshape
  call,       ///< a functor's body, traced apart and linked later
  pair,       ///< operands of a call with more than one argument
  gradient    ///< derivative of operand 0 with regard to operand 1
};

/// How a reduction puts two elements together.
enum class combine : unsigned char { sum, maximum };
/// What routines of libraries do with a product's result besides: add a number to each row, or an array; take the larger of it
/// and 0; multiply by a number.
enum class epilogue : unsigned char { nothing, sum, relu, factor };
/// Which other way to index a view is.
enum class view_kind : unsigned char { transpose, broadcast, reshape, sampled };

/// Where an axis is read along which something slides: at (by * i + by_term * t + offset) / divisor, where i is the
/// coordinate of what is computed along the same axis, and t that of a contraction's operand 0. Where that is no whole
/// number or outside, 0 is read.
struct sliding {
  int by, by_term, offset, divisor;

  constexpr bool stays() const { return by == 1 && by_term == 0 && offset == 0 && divisor == 1; }
  constexpr int numerator(int i, int t) const { return by * i + by_term * t + offset; }
  /// Is the coordinate with that numerator there?
  constexpr bool there(int n, int extent) const { return n >= 0 && n % divisor == 0 && n / divisor < extent; }
};
/// Along so many axes, the first ones.
inline constexpr int sliding_axes = 2;

/// Everything that the graph passes and the plan know of an op.
struct op_info {
  kind what = kind::map;
  int arity = 0;                         ///< node operands; a `like` op's shape-giving operand not counted
  bool like = false;                     ///< the last operand gives only its shape
  shape (*infer)(shape const*) = nullptr;
  char const* name = "";
  bool infix = false;
  combine how = combine::sum;            ///< of a reduction
  bool (*reduces)(int axis, shape from, shape to) = nullptr;
  view_kind see = view_kind::transpose;  ///< of a view
  int perm[max_rank] = {0, 1, 2, 3};     ///< of a transpose: axis k of the result is axis perm[k] of the operand
  char const* labels[3] = {"", "", ""};  ///< of a contraction: axes of a, b and the result
  bool slides = false;                   ///< a contraction along the first axes of b, or a sampled view
  sliding slide[sliding_axes] = {{1, 0, 0, 1}, {1, 0, 0, 1}};
  int along = 0;                         ///< of a scan: its axis
  bool back = false;                     ///< from its end
  double left_unit = 0, right_unit = 0, absorbing = 0;
  bool has_left_unit = false, has_right_unit = false, has_absorbing = false;
  bool picks = false;                    ///< of three operands: the second where the first is not 0, else the third
  bool folds = false;                    ///< there is the next one
  double (*fold)(double const*) = nullptr;  ///< value on constants, where a constant expression can compute it
  bool counts = false;                   ///< of a `like` op: it is the number of elements for each of the shape given
  epilogue follows = epilogue::nothing;     ///< as what a routine for products can do it
  bool indexed = false;                  ///< eval takes the logical coordinates of the element
  bool transparent = false;              ///< its value is its operand's; only derivatives see it
  int flops = 1;                         ///< per element, for cost models and explain
};

// ---- bases: an op struct states only what is special -------------------------------------------------

namespace detail {
constexpr sentence broadcast_complaint(char const* what, shape const* s, int n) {
  sentence t;
  for (int i = 0; i < n; ++i)
    for (int j = i + 1; j < n; ++j)
      if (t.empty() && !broadcasts(s[i], s[j]))
        t << what << ": shapes " << s[i] << " and " << s[j]
          << " do not broadcast; along each axis extents must be equal or one of them 1, so reshape or transpose one";
  return t;
}
}  // namespace detail

/// Elementwise over operands that broadcast against each other.
template <int Arity> struct elementwise {
  static constexpr kind what = kind::map;
  static constexpr int arity = Arity;
  static constexpr shape infer(shape const* s) {
    shape r = s[0];
    for (int k = 1; k < Arity; ++k) r = broadcast(r, s[k]);
    return r;
  }
};

namespace detail {

template <class Op> constexpr op_info make_info() {
  op_info i;
  i.what = Op::what;
  i.arity = Op::arity;
  i.name = Op::name;
  i.infer = [](shape const* s) -> shape { return Op::infer(s); };
  if constexpr (requires { Op::like; }) i.like = Op::like;
  if constexpr (requires { Op::infix; }) i.infix = Op::infix;
  if constexpr (requires { Op::how; }) i.how = Op::how;
  if constexpr (requires { Op::reduces(0, shape{}, shape{}); })
    i.reduces = [](int axis, shape from, shape to) -> bool { return Op::reduces(axis, from, to); };
  if constexpr (requires { Op::see; }) i.see = Op::see;
  if constexpr (requires { Op::perm; })
    for (int k = 0; k < max_rank; ++k) i.perm[k] = Op::perm[k];
  if constexpr (requires { Op::labels; })
    for (int k = 0; k < 3; ++k) i.labels[k] = Op::labels[k];
  if constexpr (requires { Op::slide; }) {
    i.slides = true;
    for (int k = 0; k < sliding_axes; ++k) i.slide[k] = Op::slide[k];
  }
  if constexpr (requires { Op::along; }) i.along = Op::along, i.back = Op::back;
  if constexpr (requires { Op::left_unit; }) i.left_unit = Op::left_unit, i.has_left_unit = true;
  if constexpr (requires { Op::right_unit; }) i.right_unit = Op::right_unit, i.has_right_unit = true;
  if constexpr (requires { Op::absorbing; }) i.absorbing = Op::absorbing, i.has_absorbing = true;
  if constexpr (requires { Op::picks; }) i.picks = Op::picks;
  if constexpr (requires { Op::foldable; }) i.folds = true;
  if constexpr (requires(double const* x) { Op::fold(x); }) i.fold = [](double const* x) -> double { return Op::fold(x); };
  else if constexpr (requires { Op::foldable; })
    i.fold = [](double const* x) -> double {
      if constexpr (Op::arity == 1) return Op::eval(x[0]);
      else if constexpr (Op::arity == 2) return Op::eval(x[0], x[1]);
      else return Op::eval(x[0], x[1], x[2]);
    };
  if constexpr (requires { Op::counts; }) i.counts = Op::counts;
  if constexpr (requires { Op::follows; }) i.follows = Op::follows;
  if constexpr (requires { Op::indexed; }) i.indexed = Op::indexed;
  if constexpr (requires { Op::transparent; }) i.transparent = Op::transparent;
  if constexpr (requires { Op::flops; }) i.flops = Op::flops;
  return i;
}

}  // namespace detail

/// An op as plain data.
template <class Op> inline constexpr op_info info_of = detail::make_info<Op>();

}  // namespace knit
