// SPDX-License-Identifier: BSL-1.0
// call.hpp -- in: a functor and argument expressions. out: one node; the body is traced once per type.
#pragma once
#include <knit/expr/expr.hpp>

namespace knit {

/// How the leaves of a body find what they stand for when the body is linked into a program.
enum class call_style {
  layer,    ///< stateless; its parameters lie at an offset within those of the layer around it
  closure,  ///< holds numbers or arrays, which travel with the calling expression
  model     ///< a live model; its parameters travel with the calling expression
};

namespace detail {
template <class F> constexpr sentence no_call(int n) {
  return sentence()
         << "a function or layer cannot be called with these arguments (" << n
         << " given); its operator() takes that many, each of any type (auto, or a template), as it is traced with expressions";
}
inline constexpr int most_arguments = 16;
template <class F> constexpr sentence many_arguments(int n) {
  return sentence() << "a function or layer is called with " << n << " arguments, and " << most_arguments
                    << " are the most; make some of them one array, or fields of a model";
}
template <class F> constexpr sentence no_expression() {
  return sentence() << "a function or layer returns neither an expression nor a number; return what it computes, of one type: for "
                       "if write select(c, a, b)";
}
template <class F, class... X> constexpr auto trace_call() {
  if constexpr (sizeof...(X) > most_arguments)
    return mp::mp_identity<typename knit_error<wrong<many_arguments<F>(int(sizeof...(X)))>>::type>{};
  else if constexpr (!std::is_invocable_v<F const&, X...>)
    return mp::mp_identity<typename knit_error<wrong<no_call<F>(int(sizeof...(X)))>>::type>{};
  else {
    using R = std::invoke_result_t<F const&, X...>;
    if constexpr (operand<R>) return mp::mp_identity<lifted<R>>{};
    else return mp::mp_identity<typename knit_error<wrong<no_expression<F>()>>::type>{};
  }
}

/// What the arguments of F are known by: F, but functions that share most of what they compute may have one name.
template <class F> struct functor_tag {
  using type = F;
};
}  // namespace detail

/// A call of F on arguments of the given extents. A model of ten equal layers has ten of these nodes and one
/// body, so that no expression grows with the depth of a model.
template <call_style Style, class F, class... E> struct call_op {
  static constexpr kind what = kind::call;
  static constexpr int arity = 1;
  static constexpr char const* name = "call";
  static constexpr bool offset_in_bindings = Style != call_style::layer;
  static constexpr call_style style = Style;
  static constexpr int arguments = sizeof...(E);
  using tag = typename detail::functor_tag<F>::type;

  template <std::size_t... Index> static constexpr auto trace(std::index_sequence<Index...>) {
    return detail::trace_call<F, argument<tag, int(Index), E>...>();
  }
  using body = typename decltype(trace(std::index_sequence_for<E...>{}))::type;
  static constexpr shape infer(shape const*) { return body::shape; }

  /// The body with its numbers, where F has no state: they are constants then.
  static constexpr auto folded() {
    return []<std::size_t... Index>(std::index_sequence<Index...>) {
      return lift(F{}(argument<tag, int(Index), E>{}...));
    }(std::index_sequence_for<E...>{});
  }
};

/// Two operands as one; calls take any number of arguments.
struct pair_op {
  static constexpr kind what = kind::pair;
  static constexpr int arity = 2;
  static constexpr char const* name = "pair";
  static constexpr shape infer(shape const* s) { return s[0]; }
};

namespace detail {

template <class X> constexpr X&& pack_operands(X&& x) { return static_cast<X&&>(x); }
template <class X, class... Y> constexpr auto pack_operands(X&& x, Y&&... y) {
  return grow_expr<pair_op, -1>(std::forward<X>(x), pack_operands(std::forward<Y>(y)...));
}

template <class Tuple> inline constexpr bool only_numbers = false;
template <class... B> inline constexpr bool only_numbers<std::tuple<B...>> = (std::is_same_v<B, bound_number> && ...);

/// A functor whose trace is a constant: its numbers fold, and its calls carry no bindings.
template <class F, class Body> inline constexpr bool folds =
    std::is_empty_v<F> && std::is_default_constructible_v<F> && only_numbers<decltype(Body::bound)>;

}  // namespace detail

/// Calls a layer made of symbols whose parameters start at Offset. Place: which layer of the one around it, from 1.
template <int Offset, int Place = 0, class F, class... X> constexpr auto call_layer(F const&, X&&... x) {
  if constexpr ((poison<X> || ...)) return poisoned{};
  else {
    using op = call_op<call_style::layer, F, typename lifted<X>::extents_type...>;
    if constexpr (poison<typename op::body>) return poisoned{};
    else return detail::grow_expr<op, Place << 16 | Offset>(detail::pack_operands(lift(std::forward<X>(x))...));
  }
}

/// Calls a functor on expressions, as one node; what it captures travels along.
template <class F, class... X> constexpr auto call_functor(F const& f, X&&... x) {
  if constexpr ((poison<X> || ...)) return poisoned{};
  else {
    using layer = call_op<call_style::layer, F, typename lifted<X>::extents_type...>;
    using body = typename layer::body;
    if constexpr (poison<body>) return poisoned{};
    else if constexpr (detail::folds<F, body>) return call_layer<0>(f, std::forward<X>(x)...);
    else {
      using op = call_op<call_style::closure, F, typename lifted<X>::extents_type...>;
      auto operands = detail::pack_operands(lift(std::forward<X>(x))...);
      constexpr int offset = int(std::tuple_size_v<decltype(operands.bound)>);
      auto traced = [&]<std::size_t... Index>(std::index_sequence<Index...>) {
        return lift(f(argument<typename op::tag, int(Index), typename lifted<X>::extents_type>{}...));
      }(std::index_sequence_for<X...>{});
      auto e = detail::grow_expr<op, offset>(std::move(operands));
      return detail::bind(typename decltype(e)::graph{}, typename decltype(e)::extents_type{},
                          std::tuple_cat(std::move(e.bound), std::move(traced.bound)));
    }
  }
}

/// Calls a live model through its symbolic twin Symbolic; `parameters` are its bindings.
template <class Symbolic, class... B, class... X> constexpr auto call_model(std::tuple<B...> parameters, X&&... x) {
  if constexpr ((poison<X> || ...)) return poisoned{};
  else {
    using op = call_op<call_style::model, Symbolic, typename lifted<X>::extents_type...>;
    if constexpr (poison<typename op::body>) return poisoned{};
    else {
      auto operands = detail::pack_operands(lift(std::forward<X>(x))...);
      constexpr int offset = int(std::tuple_size_v<decltype(operands.bound)>);
      auto e = detail::grow_expr<op, offset>(std::move(operands));
      return detail::bind(typename decltype(e)::graph{}, typename decltype(e)::extents_type{},
                          std::tuple_cat(std::move(e.bound), std::move(parameters)));
    }
  }
}

// ---- the derivative as a node --------------------------------------------------------------------------

/// The derivative of operand 0 (of the sum of its elements) with regard to operand 1, which is held to be
/// independent. It is worked out when the program is linked, so an expression stays as small as it is written.
struct gradient_op {
  static constexpr kind what = kind::gradient;
  static constexpr int arity = 2;
  static constexpr char const* name = "grad";
  static constexpr shape infer(shape const* s) { return s[1]; }
};

}  // namespace knit
