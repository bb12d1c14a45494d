// SPDX-License-Identifier: BSL-1.0
// expr.hpp -- in: an op and operands. out: an expression, whose type is its graph and whose object its bindings.
#pragma once
#include <array>
#include <bit>
#include <cstddef>
#include <knit/core/sentence.hpp>
#include <knit/core/tensor.hpp>
#include <knit/expr/grow.hpp>
#include <tuple>
#include <type_traits>
#include <utility>

namespace knit {

namespace detail {
// What a mistake in reading an expression is reported by, and whether there is one.
template <class E> constexpr bool mistaken_number();
template <class E> constexpr bool mistaken_condition();
template <class E> constexpr sentence no_element(int indices);

/// Is a binding an array of double? A single number never decides what is computed in.
template <class Bound> constexpr bool is_array_of_double() {
  using leaf = typename Bound::leaf;
  return leaf::holds == element::f64 && leaf::infer(nullptr).rank > 0;
}
/// What an expression over these bindings is computed in.
template <class... Bound> using number_of = std::conditional_t<(is_array_of_double<Bound>() || ...), double, float>;
}  // namespace detail

/// An expression: its shape and graph are its type; the object holds what its leaves are bound to: references
/// to arrays that live elsewhere, arrays and numbers that it holds itself. Over symbols alone it is empty.
/// Nothing is computed until the expression is assigned or asked for; then it reads its arrays as they are.
template <class Extents, class Dag, class... Bound> struct expr {
  using extents_type = Extents;
  using graph = Dag;
  static constexpr knit::shape shape = Extents::value;
  [[no_unique_address]] std::tuple<Bound...> bound;

  /// Evaluates an expression without axes: as a double where it reads an array of double, else as a float. What a compiler
  /// asks for as it chooses a function is its noexcept, so a mistake is reported there, before all that follows from it.
  [[gnu::always_inline]] operator detail::number_of<Bound...>() const
      noexcept(detail::mistaken_number<expr>()) {  // inline: as tensor's operator=
    if constexpr (detail::mistaken_number<expr>()) return 0;
    else {
      detail::number_of<Bound...> y;
      evaluate_scalar(*this, y);
      return y;
    }
  }
  /// The same where a condition is wanted: is it not 0?
  [[gnu::always_inline]] explicit operator bool() const noexcept(detail::mistaken_condition<expr>()) {
    if constexpr (detail::mistaken_condition<expr>()) return false;
    else return detail::number_of<Bound...>(*this) != 0;
  }
  /// A mistake: an expression has no elements.
  template <class Index> constexpr auto operator[](Index const&) const { return complain<detail::no_element<expr>(1)>(); }
  template <class... Index> constexpr auto operator()(Index const&...) const {
    return complain<detail::no_element<expr>(int(sizeof...(Index)))>();
  }
};

namespace detail {
template <class T> inline constexpr bool is_expr = false;
template <class E, class D, class... B> inline constexpr bool is_expr<expr<E, D, B...>> = true;
}  // namespace detail

/// What operators and functions of arrays give.
template <class T> concept expression = detail::is_expr<std::remove_cvref_t<T>>;
/// A number of C++.
template <class T> concept number = std::is_arithmetic_v<std::remove_cvref_t<T>>;
/// What a mistake has left, which has been reported.
template <class T> concept poison = std::is_base_of_v<poisoned, std::remove_cvref_t<T>>;
/// What may stand in a formula: expressions, arrays, numbers.
template <class T> concept operand = expression<T> || array_like<T> || number<T> || poison<T>;
/// Operands of an operator: numbers alone are C++'s own business.
template <class A, class B> concept operands = operand<A> && operand<B> && !(number<A> && number<B>);

/// `tensor y = e;` has the shape of e, and elements of double where it reads an array of double, else of float.
template <long... N, class D, class... B> tensor(expr<extents<N...>, D, B...>) -> tensor<detail::number_of<B...>, N...>;

// ---- leaves -----------------------------------------------------------------------------------------
// Identity of a leaf is (tag, index), never a C++ type: two parameters of one type are two leaves.

/// A leaf whose extents are in its type.
template <class T, class Extents, bool Panels> struct typed_leaf {
  static constexpr int arity = 0;
  static constexpr element holds = element_of<T>();
  static constexpr layout lies{Panels};
  static constexpr shape infer(shape const*) { return Extents::value; }
};
/// Parameter number `field 0` of the layer that is being traced.
template <class T, class Extents, bool Panels> struct parameter_op : typed_leaf<T, Extents, Panels> {
  static constexpr kind what = kind::parameter;
  static constexpr char const* name = "parameter";
};
/// Binding number `field 0` of the expression object.
template <class T, class Extents, bool Panels> struct bound_op : typed_leaf<T, Extents, Panels> {
  static constexpr kind what = kind::bound;
  static constexpr char const* name = "bound";
};
/// Argument number `field 0` of the functor type Tag.
template <class Tag, class Extents> struct argument_op {
  static constexpr kind what = kind::argument;
  static constexpr int arity = 0;
  static constexpr char const* name = "argument";
  using tag = Tag;
  static constexpr shape infer(shape const*) { return Extents::value; }
};

/// A number that is part of the type, as its bits: no binding, so equal ones are one node wherever they stand.
template <std::uint64_t Bits> struct constant_op {
  static constexpr kind what = kind::constant;
  static constexpr int arity = 0;
  static constexpr char const* name = "constant";
  static constexpr double value = std::bit_cast<double>(Bits);
  static constexpr shape infer(shape const*) { return shape{}; }
};
/// The expression of such a number; `0.5_c` is one.
template <std::uint64_t Bits> using constant = expr<extents<>, dag<mp::mp_list<constant_op<Bits>>, pack(0)>>;

/// The symbol of an argument.
template <class Tag, int Index, class Extents> using argument =
    expr<Extents, dag<mp::mp_list<argument_op<Tag, Extents>>, pack(0, Index)>>;
/// Whose argument the number of the step is.
struct step_tag {};
/// The number of the step, from 1, in a program of training, and 0 in all others: what tells a layer which of both it is in,
/// and gives each step its own random numbers.
inline constexpr argument<step_tag, 0, extents<>> step_number{};
namespace detail {
/// Is it a leaf that stands for what a function or layer is traced with?
template <class Op> constexpr bool is_symbol() {
  if constexpr (Op::what == kind::argument) return !std::is_same_v<typename Op::tag, step_tag>;
  else return Op::what == kind::parameter;
}
template <class... Op> constexpr bool any_symbol(mp::mp_list<Op...>) { return (is_symbol<Op>() || ...); }
/// Has an expression no value before the function or layer that it is part of is called?
template <class E> inline constexpr bool is_symbolic = any_symbol(typename E::graph::ops{});

template <class E> constexpr sentence no_number() {
  sentence t;
  if (E::shape.rank != 0)
    t << "an expression of shape " << E::shape
      << " is read as a number; take its sum or mean, or write tensor y = ...; functions of "
         "arrays are knit's, abs(x) and not std::abs(x), x % x % x or exp(y % log(x)) for pow";
  else
    t << "an expression is read as a number while a function or layer is traced, when nothing has a value; "
         "keep it as auto, and call "
         "knit's functions, abs(x) and not std::abs(x), x % x % x or exp(y % log(x)) for pow";
  return t;
}
template <class E> constexpr bool mistaken_number() {
  constexpr bool wrong = E::shape.rank != 0 || is_symbolic<E>;
  if constexpr (wrong) complain<no_number<E>()>();
  return wrong;
}
template <class E> constexpr sentence no_condition() {
  return sentence() << "an expression of shape " << E::shape << " is a condition, of if, ?:, &&, || or !, and "
                    << (is_symbolic<E> ? "has no value while a function is traced" : "has many values")
                    << "; write select(c, a, b), and for both c % d, for one of them max(c, d), for not 1 - c";
}
template <class E> constexpr bool mistaken_condition() {
  constexpr bool wrong = E::shape.rank != 0 || is_symbolic<E>;
  if constexpr (wrong) complain<no_condition<E>()>();
  return wrong;
}
template <class E> constexpr sentence no_element(int indices) {
  return sentence() << "an expression of shape " << E::shape << " is asked for an element by " << indices
                    << (indices == 1 ? " index" : " indices")
                    << ", and only arrays have elements; write tensor y = ... first, or, of what is traced, "
                       "sum(select(coordinate_like<0>(x) == i, x, 0))";
}
}  // namespace detail

/// The symbol of a parameter.
template <int Index, class Array> using parameter = expr<
    typename Array::extents_type,
    dag<mp::mp_list<parameter_op<typename Array::value_type, typename Array::extents_type, Array::layout.panels>>, pack(0, Index)>>;

// ---- bindings: what a leaf of a live expression stands for --------------------------------------------

/// A number: `2 * x`, a captured learning rate. Folded where the trace is a constant expression.
struct bound_number {
  double value;
  using leaf = bound_op<double, extents<>, false>;
  constexpr void const* address() const { return &value; }
};
/// An array that lives elsewhere.
template <class A> struct bound_reference {
  A const* array;
  using leaf = bound_op<typename A::value_type, typename A::extents_type, A::layout.panels>;
  constexpr A const& now() const { return *array; }
};
/// An array that the expression holds: a temporary, or a view.
template <class A> struct bound_value {
  A array;
  using leaf = typename bound_reference<A>::leaf;
  constexpr A const& now() const { return array; }
};

/// The expression of what a leaf is bound to.
template <class Bound, class Extents> using bound_leaf = expr<Extents, dag<mp::mp_list<typename Bound::leaf>, pack(0, 0)>, Bound>;

namespace detail {
template <char... C> consteval double parsed() {
  constexpr char text[] = {C..., '\0'};
  double v = 0, unit = 1;
  bool fraction = false;
  for (char c : text) {
    if (c == '\0' || c == '\'') continue;
    if (c == '.') fraction = true;
    else if (c < '0' || c > '9') throw "knit: a literal ..._c is written with digits and a point";
    else if (fraction) v += (unit /= 10) * (c - '0');
    else v = v * 10 + (c - '0');
  }
  return v;
}
}  // namespace detail

/// 0.5_c: a number as part of an expression's type. A plain number is a binding of the expression object, and what
/// holds bindings is not known to be equal to anything, so an expression that is used several times in one formula
/// stays small with these and is copied with those.
template <char... C> consteval auto operator""_c() { return constant<std::bit_cast<std::uint64_t>(detail::parsed<C...>())>{}; }

/// Makes an expression of an expression, an array or a number, in its shape: what a function calls that uses an operand twice. An array
/// that has a name is referred to, another one is moved into the expression.
template <expression E> constexpr E&& lift(E&& e) { return static_cast<E&&>(e); }
/// A number as an expression without axes.
template <number T> constexpr auto lift(T v) { return bound_leaf<bound_number, extents<>>{{bound_number{double(v)}}}; }
/// An array as an expression in its shape.
template <array_like A> constexpr auto lift(A&& a) {
  using T = std::remove_cvref_t<A>;
  if constexpr (std::is_lvalue_reference_v<A> && T::owns)
    return bound_leaf<bound_reference<T>, typename T::extents_type>{{bound_reference<T>{&a}}};
  else return bound_leaf<bound_value<T>, typename T::extents_type>{{bound_value<T>{std::forward<A>(a)}}};
}
/// A mistake stays one.
constexpr poisoned lift(poisoned) { return {}; }
namespace detail {
template <class List> constexpr sentence list_as_array() {
  return sentence()
         << "a function of arrays or a model is called with a list of numbers of the standard library; say what its shape is, "
            "view<float, 256>(list)";
}
}  // namespace detail
/// A mistake.
template <class List> requires(!array_like<List> && requires(List const& l) { l.data(), l.size(); })
constexpr auto lift(List const&) {
  return complain<detail::list_as_array<List>()>();
}

/// What lift makes of a T.
template <class T> using lifted = std::remove_cvref_t<decltype(lift(std::declval<T>()))>;

// ---- an op on operands ---------------------------------------------------------------------------------

namespace detail {

// Of extents and not of expressions: of these there are as many as there are ops in a formula.
template <class Op, class... Extents> constexpr sentence complaint() {
  constexpr shape s[] = {Extents::value..., shape{}};
  for (int k = 0; k < int(sizeof...(Extents)); ++k)
    if (!s[k].known()) return {};
  if constexpr (requires { Op::complain(s); }) return Op::complain(s);
  else if constexpr (Op::what == kind::map && sizeof...(Extents) > 1 && !requires { Op::like; })
    return broadcast_complaint(Op::name, s, int(sizeof...(Extents)));
  else return {};
}
template <class Op, class... Extents> inline constexpr bool well_shaped = complaint<Op, Extents...>().empty();

template <class Op, class... Extents> struct result_extents {
  static constexpr shape s = [] {
    constexpr shape from[] = {Extents::value..., shape{}};
    for (int k = 0; k < int(sizeof...(Extents)); ++k)
      if (!from[k].known()) return unknown_shape;
    return Op::infer(from);
  }();
  using type = typename extents_from<s.rank, s.code(0), s.code(1), s.code(2), s.code(3)>::type;
};

// Deduced, and so known by what it is: nvcc keeps of a type that is named how it was come by, operands and all, and their types
// in turn, which doubles from op to op.
template <class Ops, node... N, class Shape, class... Bound>
constexpr expr<Shape, dag<Ops, N...>, Bound...> bind(dag<Ops, N...>, Shape, std::tuple<Bound...> b) {
  return {std::move(b)};
}

/// The expression Op(x...), with an immediate in the field after its operands, and its upper half in the next.
template <class Op, int Immediate, class... X> constexpr auto grow_expr(X&&... x) {
  using E = typename result_extents<Op, typename std::remove_cvref_t<X>::extents_type...>::type;
  return bind(typename grow<Op, Immediate, std::remove_cvref_t<X>...>::type{}, E{}, std::tuple_cat(std::forward<X>(x).bound...));
}

}  // namespace detail

/// Makes the expression Op(x...). The one way in which an operator or function builds: shapes are checked
/// here, once, and a mistake becomes a sentence and a poisoned result.
template <class Op, class... X> constexpr auto make(X&&... x) {
  if constexpr ((poison<X> || ...)) return poisoned{};
  else if constexpr (!detail::well_shaped<Op, typename lifted<X>::extents_type...>) {
    constexpr sentence s = detail::complaint<Op, typename lifted<X>::extents_type...>();
    return complain<s>();
  } else return detail::grow_expr<Op, -1>(lift(std::forward<X>(x))...);
}

/// Stands in a rule for "no derivative with regard to this operand".
struct no_gradient {};
/// It stays that.
constexpr no_gradient lift(no_gradient g) { return g; }

/// What a derivative rule returns: one expression for each differentiable operand, in order.
template <class... G> struct gradients {
  std::tuple<G...> at;
};
/// `return grads(g % b, g % a);`: the gradients for the operands of an op, in order; see gradients.
template <class... G> constexpr gradients<lifted<G>...> grads(G const&... g) { return {{lift(g)...}}; }
}  // namespace knit
