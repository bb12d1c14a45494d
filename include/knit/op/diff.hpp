// SPDX-License-Identifier: BSL-1.0
// diff.hpp -- in: a functor or model and its arguments. out: its value and derivatives, expressions again.
#pragma once
#include <knit/expr/model.hpp>
#include <knit/op/compare.hpp>
#include <stdexcept>

namespace knit {

namespace detail {

template <int Index, class... X> constexpr auto pick(X const&... x) { return std::get<std::size_t(Index)>(std::tie(x...)); }

/// x... -> the derivative of F(x...) with regard to argument Index.
template <class F, int Index> struct by_argument {
  [[no_unique_address]] F f;
  template <class... X> constexpr auto operator()(X const&... x) const { return make<gradient_op>(f(x...), pick<Index>(x...)); }
};
/// x... -> the derivative of the symbolic model S(x...) with regard to its parameter K, an array like A.
template <class S, int K, class A> struct by_parameter {
  template <class... X> constexpr auto operator()(X const&... x) const { return make<gradient_op>(S{}(x...), parameter<K, A>{}); }
};

template <class X> inline constexpr bool refers_to_array = false;
template <class E, class D, class A> inline constexpr bool refers_to_array<expr<E, D, bound_reference<A>>> = true;

/// Is the live expression x the very object w?
template <class X, class W> constexpr bool is_object(X const& x, W const& w) {
  if constexpr (refers_to_array<X>) {
    using A = std::remove_cvref_t<decltype(*std::get<0>(x.bound).array)>;
    if constexpr (std::is_same_v<A, W>) return std::get<0>(x.bound).array == &w;
    else return false;
  } else return false;
}
template <class X, class W> constexpr bool may_be() {
  if constexpr (expression<W>) return std::is_same_v<X, W>;
  else if constexpr (refers_to_array<X>)
    return std::is_same_v<std::remove_cvref_t<decltype(*std::get<0>(std::declval<X>().bound).array)>, W>;
  else return false;
}

constexpr sentence not_an_argument(shape s) {
  return sentence() << "grad(result, w): w, of shape " << s
                    << ", is neither an argument of the differentiated function nor a parameter of "
                       "its model; name one that was passed to diff(f)(...), by the same object or by its position grad<0>(result)";
}

constexpr sentence no_such_argument(int i, int n) {
  return sentence() << "grad<" << i << ">(result): the function has " << n << (n == 1 ? " argument" : " arguments")
                    << ", and number " << i << ", counted from 0, is not one";
}

template <class E> constexpr sentence not_a_function() {
  return sentence() << "diff differentiates a function or a model, and this is an expression or array, which has forgotten "
                       "what it is a function of; "
                       "write auto r = diff([](auto w, auto x) { return sum(w * x); })(w, x)";
}
template <class E> constexpr sentence not_differentiated() {
  return sentence() << "value and grad take what diff(f)(...) gives, and this is an expression or array; write auto r = "
                       "diff([](auto w, auto x) { return sum(w * x); })(w, x) and then grad(r, w)";
}

struct root_tag;

}  // namespace detail

/// What diff(f)(x...) gives: the function with its arguments, from which `value` and `grad` make expressions.
/// F is a functor, or a reference to a live model.
template <class F, class... X> struct differentiated {
  static constexpr bool of_model = model<F>;
  [[no_unique_address]] F f;
  std::tuple<X...> arguments;

  using functor = std::remove_cvref_t<F>;

  template <class G> constexpr auto call(G const& g) const {
    return std::apply(
        [&](auto const&... x) {
          if constexpr (of_model) return call_model<G>(bindings(), x...);
          else return call_functor(g, x...);
        },
        arguments);
  }
  constexpr auto bindings() const {
    return std::apply([](auto*... p) { return std::tuple(bound_reference<std::remove_cvref_t<decltype(*p)>>{p}...); },
                      parameters_of(f));
  }
  /// Is there a mistake in the arguments or the function? It has been reported.
  static constexpr bool wrong() {
    if constexpr ((poison<X> || ...)) return true;
    else if constexpr (of_model)
      return poison<typename call_op<call_style::model, symbolic<functor>, typename X::extents_type...>::body>;
    else return poison<typename call_op<call_style::layer, functor, typename X::extents_type...>::body>;
  }
  constexpr auto symbol() const {
    if constexpr (of_model) return symbolic<functor>();
    else return f;
  }
};

/// `auto r = diff(f)(x...)`: differentiates a functor or a live model at x, which are arrays, numbers or expressions. Nothing is
/// computed yet: value(r) and grad(r, w) are expressions. A result that is not a number is differentiated as the sum of its elements.
/// Arrays that have names, and a model, are referred to and must outlive r.
template <class F> constexpr auto diff(F&& f) {
  if constexpr (poison<F>) return poisoned{};
  else if constexpr (operand<F>) return complain<detail::not_a_function<F>()>();
  else
    return [f = std::tuple<std::conditional_t<model<F>, F, std::remove_cvref_t<F>>>(std::forward<F>(f))]<class... X>(X&&... x) {
      using held = std::conditional_t<model<F>, F, std::remove_cvref_t<F>>;
      return differentiated<held, lifted<X>...>{std::get<0>(f), {lift(std::forward<X>(x))...}};
    };
}

/// A mistake, which a sentence of the compiler names.
template <operand R> constexpr auto value(R const&) {
  if constexpr (poison<R>) return poisoned{};
  else return complain<detail::not_differentiated<R>()>();
}
/// A mistake, which a sentence of the compiler names.
template <operand R, operand W> constexpr auto grad(R const& r, W const&) { return value(r); }
/// A mistake, which a sentence of the compiler names.
template <int Index, operand R> constexpr auto grad(R const& r) { return value(r); }

/// The value of a differentiated function, in the shape of its result.
template <class F, class... X> constexpr auto value(differentiated<F, X...> const& r) {
  if constexpr (differentiated<F, X...>::wrong()) return poisoned{};
  else return r.call(r.symbol());
}

/// The derivative with regard to argument Index, counted from 0, in the shape of that argument; zeros where there is none. A position
/// that is none is an error of the compiler.
template <int Index, class F, class... X> constexpr auto grad(differentiated<F, X...> const& r) {
  if constexpr (differentiated<F, X...>::wrong()) return poisoned{};
  else if constexpr (Index < 0 || Index >= int(sizeof...(X))) return complain<detail::no_such_argument(Index, int(sizeof...(X)))>();
  else return r.call(detail::by_argument<decltype(r.symbol()), Index>{r.symbol()});
}

namespace detail {

// A derivative with regard to an object: the sum over the places where the object stands. Types tell most
// objects apart; where several arguments share one type, the object's address decides, at run time.
template <class F, class... X, class W, int... Index, int... K>
constexpr auto grad_of_object(differentiated<F, X...> const& r, W const& w, std::integer_sequence<int, Index...>,
                              std::integer_sequence<int, K...>) {
  constexpr int places = (int(may_be<X, W>()) + ... + 0) + [] {
    if constexpr (differentiated<F, X...>::of_model && array_like<W>)
      return (int(std::is_same_v<std::remove_const_t<std::remove_pointer_t<std::tuple_element_t<K, decltype(parameters_of(r.f))>>>,
                                 W>) +
              ... + 0);
    else return 0;
  }();
  if constexpr (places == 0) return complain<not_an_argument(lifted<W const&>::shape)>();
  else {
    bool found = false;
    auto add = [&](auto sum, bool here, auto const& g) {
      found = found || here;
      if constexpr (places == 1) return g;
      else if constexpr (number<decltype(sum)>) return select(lift(here ? 1 : 0), g, 0);
      else return sum + select(lift(here ? 1 : 0), g, 0);
    };
    auto by_arguments = [&](auto self, auto index, auto sum) {
      constexpr int i = decltype(index)::value;
      if constexpr (i == int(sizeof...(X))) return sum;
      else {
        using Xi = std::tuple_element_t<std::size_t(i), std::tuple<X...>>;
        auto next = std::integral_constant<int, i + 1>{};
        if constexpr (!may_be<Xi, W>()) return self(self, next, sum);
        else if constexpr (expression<W>) {
          found = true;
          if constexpr (number<decltype(sum)>) return self(self, next, grad<i>(r));
          else return self(self, next, sum + grad<i>(r));
        } else return self(self, next, add(sum, is_object(std::get<std::size_t(i)>(r.arguments), w), grad<i>(r)));
      }
    };
    auto by_parameters = [&](auto self, auto index, auto sum) {
      if constexpr (!differentiated<F, X...>::of_model || !array_like<W>) return sum;
      else {
        constexpr int k = decltype(index)::value;
        if constexpr (k == int(sizeof...(K))) return sum;
        else {
          using A = std::remove_pointer_t<std::tuple_element_t<std::size_t(k), decltype(parameters_of(r.f))>>;
          auto next = std::integral_constant<int, k + 1>{};
          if constexpr (!std::is_same_v<std::remove_cv_t<A>, W>) return self(self, next, sum);
          else
            return self(
                self, next,
                add(sum, std::get<std::size_t(k)>(parameters_of(r.f)) == &w, r.call(by_parameter<decltype(r.symbol()), k, W>{})));
        }
      }
    };
    auto sum = by_parameters(by_parameters, std::integral_constant<int, 0>{},
                             by_arguments(by_arguments, std::integral_constant<int, 0>{}, 0));
    if (!found) throw std::invalid_argument("knit: grad(result, w): w is not one of the objects that were passed to diff(f)(...)");
    return sum;
  }
}

template <class W> inline constexpr bool is_parameter_symbol = false;
template <class E, class Op, node N> inline constexpr bool is_parameter_symbol<expr<E, dag<mp::mp_list<Op>, N>>> =
    Op::what == kind::parameter;

}  // namespace detail

/// The derivative with regard to w, in the shape of w: an argument or a model's parameter (the live object itself), an
/// expression that was passed as argument, or the symbol that params(r) hands out. A type that none of them has is an error of the
/// compiler; an object of such a type that is none of them throws std::invalid_argument.
template <class F, class... X, class W> constexpr auto grad(differentiated<F, X...> const& r, W const& w) requires operand<W> {
  if constexpr (poison<W> || differentiated<F, X...>::wrong()) return poisoned{};
  else if constexpr (detail::is_parameter_symbol<W>) {
    return std::apply(
        [&]<class... A>(A const&...) {
          return [&]<int... Index>(std::integer_sequence<int, Index...>) {
            auto y = call_layer<0>(r.symbol(), argument<detail::root_tag, Index, typename A::extents_type>{}...);
            return make<gradient_op>(y, w);
          }(std::make_integer_sequence<int, int(sizeof...(A))>{});
        },
        r.arguments);
  } else
    return detail::grad_of_object(r, w, std::make_integer_sequence<int, int(sizeof...(X))>{},
                                  std::make_integer_sequence<int, parameter_count<F>>{});
}

}  // namespace knit
