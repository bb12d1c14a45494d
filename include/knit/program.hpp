// SPDX-License-Identifier: BSL-1.0
// program.hpp -- in: expressions, models, rules. out: programs: evaluation, inference, training steps.
#pragma once
#include <knit/backend/scalar.hpp>
#include <knit/backend/simd.hpp>
#include <knit/op/diff.hpp>
#include <knit/plan/explain.hpp>

namespace knit {

namespace detail {

template <class Leaf> inline constexpr leaf_info leaf_of{Leaf::holds, Leaf::lies, Leaf::infer(nullptr)};
template <class A> inline constexpr leaf_info leaf_of_array{element_of<typename A::value_type>(), A::layout, A::shape};

template <class Tuple> struct bound_leaves;
template <class... B> struct bound_leaves<std::tuple<B...>> {
  static constexpr int count = sizeof...(B);
  static constexpr std::array<leaf_info, sizeof...(B)> value{leaf_of<typename B::leaf>...};
};
template <class... B> void put_addresses(std::tuple<B...> const& bound, void const** to) {
  std::apply([&](auto const&... b) { ((*to++ = b.address()), ...); }, bound);
}
template <std::size_t... N> constexpr auto joined(std::array<leaf_info, N> const&... a) {
  std::array<leaf_info, (N + ... + 0)> r{};
  std::size_t i = 0;
  auto add = [&](auto const& part) {
    for (auto const& l : part) r[i++] = l;
  };
  (add(a), ...);
  return r;
}

struct no_arguments {
  using argument_tag = void;
  static constexpr int first_argument = 0, argument_count = 0;
};

template <class T> constexpr sentence only_float() {
  sentence t;
  t << "an expression is assigned to an array whose elements are not float; knit computes floats: make it a tensor<float, ...>";
  return t;
}
constexpr sentence next_shape(shape w, shape next) {
  sentence t;
  t << "update: the next value of a parameter of shape " << w << " has shape " << next << "; make them equal";
  return t;
}
/// E, or after a mistake another expression that compiles, so that the mistake stays one error.
template <class E, class Instead> using unless_poisoned = std::conditional_t<poison<E>, Instead, E>;
template <class E, shape W> constexpr auto check_next() {
  if constexpr (poison<E>) return mp::mp_identity<poisoned>{};
  else if constexpr (E::shape != W) return mp::mp_identity<typename knit_error<wrong<next_shape(W, E::shape)>>::type>{};
  else return mp::mp_identity<E>{};
}
/// A live expression, written to a leaf of its own after its bindings.
template <class E, class Out> struct evaluation : no_arguments {
  using bound = bound_leaves<decltype(E::bound)>;
  using results = mp::mp_list<result<typename E::graph, bound::count>>;
  static constexpr auto leaves = joined(bound::value, std::array<leaf_info, 1>{leaf_of_array<Out>});
};
/// The same as an output.
template <class E> struct scalar_evaluation : no_arguments {
  using bound = bound_leaves<decltype(E::bound)>;
  using results = mp::mp_list<result<typename E::graph>>;
  static constexpr auto leaves = bound::value;
};

}  // namespace detail

/// The backend that assignments of live expressions run on.
using default_backend = simd_backend;

/// `tensor y = e;` and `w = e;`. If e reads the array that it is assigned to, it reads the old elements.
template <class E, class D, class... B, int... N>
void evaluate_into(expr<E, D, B...> const& e, tensor<float, N...>& to) {
  if constexpr (!std::is_same_v<E, extents<N...>>) {
    constexpr sentence s = [] {
      sentence t;
      t << "an expression of shape " << E::value << " is assigned to an array of shape " << extents<N...>::value
        << "; make the shapes equal, or write tensor y = ...";
      return t;
    }();
    complain<s>();
  } else {
    using X = expr<E, D, B...>;
    void const* leaves[sizeof...(B) + 1];
    detail::put_addresses(e.bound, leaves);
    tensor<float, N...>* out = &to;
    for (std::size_t i = 0; i < sizeof...(B); ++i)
      if (leaves[i] == to.data()) {
        tensor<float, N...> fresh;
        evaluate_into(e, fresh);
        to = std::move(fresh);
        return;
      }
    leaves[sizeof...(B)] = out->data();
    default_backend::run_once<detail::evaluation<X, tensor<float, N...>>>(leaves, nullptr);
  }
}

/// Elements of one array into another of the same shape: bytes become numbers.
template <array_like A, int... N> requires(!std::is_same_v<A, tensor<float, N...>>)
void evaluate_into(A const& a, tensor<float, N...>& to) {
  evaluate_into(lift(a), to);
}
template <class X, class T, int... N> requires(expression<X> && !std::is_same_v<T, float>)
void evaluate_into(X const&, tensor<T, N...>&) {
  complain<detail::only_float<T>()>();
}

/// `float v = e;` for an expression without axes.
template <class X> void evaluate_scalar(X const& e, float& to) {
  void const* leaves[std::tuple_size_v<decltype(X::bound)> + 1];
  detail::put_addresses(e.bound, leaves);
  void* outputs[] = {&to};
  default_backend::run_once<detail::scalar_evaluation<X>>(leaves, outputs);
}

/// The value of an expression as an array of its shape.
template <expression X> auto eval(X const& e) {
  return [&]<int... N>(extents<N...>) { return tensor<float, N...>(e); }(typename X::extents_type{});
}

// ---- models --------------------------------------------------------------------------------------------

namespace detail {

template <class Tuple> struct parameter_leaves;
template <class... A> struct parameter_leaves<std::tuple<A*...>> {
  static constexpr int count = sizeof...(A);
  static constexpr std::array<leaf_info, sizeof...(A)> value{leaf_of_array<std::remove_cv_t<A>>...};
  template <int K> using array_at = std::remove_cv_t<mp::mp_at_c<mp::mp_list<A...>, std::size_t(K)>>;
};
template <class M> using leaves_of_model = parameter_leaves<decltype(parameters_of(std::declval<M&>()))>;

/// A model's value on arguments. Leaves: parameters, arguments.
template <class Model, class... X> struct inference_spec {
  using parameters = leaves_of_model<Model>;
  using argument_tag = inference_spec;
  static constexpr int first_argument = parameters::count, argument_count = sizeof...(X);
  static constexpr auto leaves = joined(parameters::value, std::array<leaf_info, sizeof...(X)>{leaf_of_array<X>...});
  template <std::size_t... Index> static constexpr auto trace(std::index_sequence<Index...>) {
    return call_layer<0>(symbolic<Model>{}, argument<inference_spec, int(Index), typename X::extents_type>{}...);
  }
  using traced = unless_poisoned<decltype(trace(std::index_sequence_for<X...>{})),
                                 argument<inference_spec, 0, typename mp::mp_front<mp::mp_list<X...>>::extents_type>>;
  using results = mp::mp_list<result<typename traced::graph>>;
};

}  // namespace detail

/// A model's value on arguments of the types X..., into an array of the result's shape.
template <class Backend, class Model, class... X> class inference {
 public:
  using spec = detail::inference_spec<Model, X...>;
  using extents_type = typename spec::traced::extents_type;
  static constexpr shape result_shape = extents_type::value;

  explicit inference(Model const& m) : model_(&m) {}

  using value_type = typename Backend::value_type;

  /// Writes the result, first index fastest, to memory for result_shape.size() numbers.
  void operator()(X const&... x, value_type* to) {
    void const* leaves[spec::leaves.size()];
    std::size_t i = 0;
    std::apply([&](auto*... p) { ((leaves[i++] = p->data()), ...); }, parameters_of(*model_));
    ((leaves[i++] = x.data()), ...);
    void* outputs[] = {to};
    program_.run(leaves, outputs);
  }

 private:
  Model const* model_;
  typename Backend::template program<spec> program_;
};

// ---- what a program will do ---------------------------------------------------------------------------------

/// The plan of a program P (a training_step or an inference) as constants.
template <class P> struct plan_of {
  using compiled_type = compiled<typename P::spec>;
  static constexpr auto const& plan = compiled_type::plan;
  static constexpr int kernels = plan.kernels;
  static constexpr long arena_bytes = plan.arena_bytes();
  static constexpr long own_bytes = 4 * plan.own_floats;  ///< for each thread, besides
};

/// Kernels, expressions, shapes, bytes, flops and threads of a program, as text.
template <class P> requires requires { typename P::spec; }
std::string explain(P const&) {
  return explain(compiled<typename P::spec>::graph, compiled<typename P::spec>::plan);
}

// ---- updates by hand -------------------------------------------------------------------------------------

namespace detail {

template <class Next, class E> Next next_value(E&& e) {
  if constexpr (std::is_same_v<lifted<E>, Next>) return lift(std::forward<E>(e));
  else return {};
}

/// params(r): what update's function is called for.
template <class Result> struct parameter_symbols {
  Result const& result;
};

template <class Result, class F> struct update_spec;
template <class M, class... X, class F> struct update_spec<differentiated<M, X...>, F> {
  using model_type = std::remove_cvref_t<M>;
  using parameters = leaves_of_model<model_type>;
  using argument_tag = root_tag;
  static constexpr int first_argument = parameters::count, argument_count = sizeof...(X);
  template <int K> using symbol_at = parameter<K, typename parameters::template array_at<K>>;
  template <int K> using next_of = unless_poisoned<
      typename decltype(check_next<lifted<decltype(std::declval<F&>()(symbol_at<K>{}))>, symbol_at<K>::shape>())::type, symbol_at<K>>;

  template <class> struct numbers;
  template <int... K> struct numbers<std::integer_sequence<int, K...>> {
    static constexpr int first = parameters::count + int(sizeof...(X));
    static constexpr int before(int k) {
      constexpr int n[] = {int(std::tuple_size_v<decltype(next_of<K>::bound)>)...};
      int b = first;
      for (int i = 0; i < k; ++i) b += n[i];
      return b;
    }
    using results = mp::mp_list<result<typename next_of<K>::graph, K, before(K)>...>;
    static constexpr auto leaves = joined(parameters::value, std::array<leaf_info, sizeof...(X)>{leaf_of<typename std::tuple_element_t<0, decltype(X::bound)>::leaf>...},
                                          bound_leaves<decltype(next_of<K>::bound)>::value...);
  };
  using all = numbers<std::make_integer_sequence<int, parameters::count>>;
  using results = typename all::results;
  static constexpr auto leaves = all::leaves;
};

}  // namespace detail

/// The parameters of a differentiated model, for update.
template <class M, class... X> auto params(differentiated<M, X...> const& r) requires model<M> {
  return detail::parameter_symbols<differentiated<M, X...>>{r};
}

/// `update(params(r), [&](auto w) { return w - grad(r, w) * lr; })`: each parameter takes the value that the
/// function gives for it, all at once: every expression reads the old ones. It is one fused program.
template <class Result, class F> void update(detail::parameter_symbols<Result> const& p, F&& f) {
  using spec = detail::update_spec<Result, std::remove_cvref_t<F>>;
  void const* leaves[spec::leaves.size()];
  void const** to = leaves;
  std::apply([&](auto*... a) { ((*to++ = a->data()), ...); }, parameters_of(p.result.f));
  std::apply([&](auto const&... x) { ((*to++ = std::get<0>(x.bound).address()), ...); }, p.result.arguments);
  [&]<int... K>(std::integer_sequence<int, K...>) {
    auto next = std::make_tuple(detail::next_value<typename spec::template next_of<K>>(f(typename spec::template symbol_at<K>{}))...);
    std::apply([&](auto const&... e) { ((detail::put_addresses(e.bound, to), to += std::tuple_size_v<std::remove_cvref_t<decltype(e.bound)>>), ...); }, next);
    default_backend::run_once<spec>(leaves, nullptr);
  }(std::make_integer_sequence<int, spec::parameters::count>{});
}

}  // namespace knit
