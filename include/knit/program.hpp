// SPDX-License-Identifier: BSL-1.0
// program.hpp -- in: expressions, models. out: programs: evaluation, inference, updates by hand, and what they will do.
#pragma once
#include <knit/backend/old_elements.hpp>
#include <knit/backend/scalar.hpp>
#include <knit/backend/simd.hpp>
#include <knit/expr/mistakes.hpp>
#include <knit/op/diff.hpp>
#include <knit/plan/dot.hpp>
#include <utility>

namespace knit {

namespace detail {

template <class Leaf> inline constexpr leaf_info leaf_of{Leaf::holds, Leaf::lies, Leaf::infer(nullptr)};
template <class A> inline constexpr leaf_info leaf_of_array{element_of<typename A::value_type>(), A::layout, A::shape};

template <class Tuple> struct bound_leaves;
template <class... B> struct bound_leaves<std::tuple<B...>> {
  static constexpr int count = sizeof...(B);
  static constexpr std::array<leaf_info, sizeof...(B)> value{leaf_of<typename B::leaf>...};
};
template <class... B, class Leaves> void add_bindings(std::tuple<B...> const& bound, Leaves& to) {
  auto add = [&](auto const& b) {
    if constexpr (requires { b.now(); }) to.add(b.now());
    else to.add(b.address());
  };
  std::apply([&](auto const&... b) { (add(b), ...); }, bound);
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

/// E, or after a mistake another expression that compiles, so that the mistake stays one error.
template <class E, class Instead> using unless_poisoned = std::conditional_t<poison<E>, Instead, E>;
template <class E, shape W> constexpr auto check_next() {
  if constexpr (poison<E>) return mp::mp_identity<poisoned>{};
  else if constexpr (E::shape != W) return mp::mp_identity<typename knit_error<wrong<next_shape(W, E::shape)>>::type>{};
  else return mp::mp_identity<E>{};
}

/// A live expression, written to a leaf of its own after its bindings. An array of double, whatever its rank, is written
/// with what was computed in double.
template <class E, class Out> struct evaluation : no_arguments {
  using bound = bound_leaves<decltype(E::bound)>;
  using results = mp::mp_list<result<typename E::graph, bound::count>>;
  static constexpr auto leaves = joined(bound::value, std::array<leaf_info, 1>{leaf_of_array<Out>});
  static constexpr element number = leaf_of_array<Out>.holds == element::f64 ? element::f64 : number_among(leaves);
};
/// The same as an output.
template <class E> struct scalar_evaluation : no_arguments {
  using bound = bound_leaves<decltype(E::bound)>;
  using results = mp::mp_list<result<typename E::graph>>;
  static constexpr auto leaves = bound::value;
};

}  // namespace detail

/// The backend that assignments of live expressions, `inference` by make_inference and training run on.
using default_backend = simd_backend;

// Whatever runs on it without having it among its template arguments carries the instruction set in its name, too.
inline namespace HWY_NAMESPACE {

/// `tensor y = e;` and `w = e;`. If e reads the array that it is assigned to, it reads the old elements.
template <class E, class D, class... B, class T, long... N>
void evaluate_into(expr<E, D, B...> const& e, tensor<T, N...>& to) noexcept(detail::mistaken_value<expr<E, D, B...>>()) {
  if constexpr (detail::mistaken_value<expr<E, D, B...>>()) return;
  else if constexpr (!std::is_floating_point_v<T>) complain<detail::neither_float_nor_double<T>()>();
  else if constexpr (!std::is_same_v<E, extents<N...>>) {
    constexpr sentence s = [] {
      return sentence() << "an expression of shape " << E::value << " is assigned to an array of shape " << extents<N...>::value
                        << "; make the shapes equal, or write tensor y = ...";
    }();
    complain<s>();
  } else {
    using spec = detail::evaluation<expr<E, D, B...>, tensor<T, N...>>;
    if (!to.data()) to = tensor<T, N...>();  // it was moved from, perhaps into e
    constexpr std::size_t bound = sizeof...(B);
    leaf_list<spec> leaves;
    detail::add_bindings(e.bound, leaves);
    leaves.add_result(to);
    detail::old_elements old;
    old.keep(leaves, 0, bound, bound, bound + 1);
    default_backend::run_once<spec>(leaves.data(), nullptr);
  }
}

/// Elements of one array into another of the same shape: bytes become numbers.
template <array_like A, class T, long... N> requires(std::is_floating_point_v<T> && !std::is_same_v<A, tensor<T, N...>>)
void evaluate_into(A const& a, tensor<T, N...>& to) {
  evaluate_into(lift(a), to);
}

/// `float v = e;` or `double v = e;` for an expression without axes. `to` is what e is computed in.
template <class X, class T> void evaluate_scalar(X const& e, T& to) {
  static_assert(std::is_same_v<T, typename compiled<detail::scalar_evaluation<X>>::number>);
  leaf_list<detail::scalar_evaluation<X>> leaves;
  detail::add_bindings(e.bound, leaves);
  void* outputs[] = {&to};
  default_backend::run_once<detail::scalar_evaluation<X>>(leaves.data(), outputs);
}

/// The value of an expression as an array of its shape.
template <expression X> auto eval(X const& e) { return tensor(e); }

}  // namespace HWY_NAMESPACE

// ---- models --------------------------------------------------------------------------------------------

namespace detail {

template <class Tuple> struct parameter_leaves;
template <class... A> struct parameter_leaves<std::tuple<A*...>> {
  static constexpr int count = sizeof...(A);
  static constexpr shape named = [] {  // the shape of one that must not be, or nothing
    shape s;
    ((A::extents_type::named > 0 ? void(s = A::shape) : void()), ...);
    return s;
  }();
  static constexpr bool known = [] {
    if constexpr (named.rank > 0) complain<named_parameter(named)>();
    return true;
  }();
  static_assert(known);
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
    if constexpr (measured_labels<Model, X...>()) return complain<labels_of_loss<Model>()>();
    else return call_layer<0>(symbolic<Model>{}, argument<inference_spec, int(Index), typename X::extents_type>{}...);
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

  /// The model is referred to: it must outlive this, and what is changed in it shows in the next call.
  explicit inference(Model const& m) : model_(&m) {}
  /// A mistake.
  template <class = void> explicit inference(Model const&&) : model_(nullptr) {
    complain<detail::inference_of_temporary<Model>()>();
  }
  /// Neither copied nor moved: in a class that holds its model, too, a move would leave it with that of another object.
  inference(inference const&) = delete;
  inference& operator=(inference const&) = delete;

  using program = typename Backend::template program<spec>;
  using value_type = typename program::value_type;  ///< double if the model or an argument is of double, else float

  /// Writes the result, first index fastest, to memory for result_shape.size() numbers; of a named extent only so many. Allocates
  /// nothing, and starts no thread unless thread_count has grown. Not for two threads at once: each has an inference of its own.
  /// Throws std::invalid_argument where arrays disagree about the extent of a name.
  void operator()(X const&... x, value_type* to) {
    leaf_list<spec> leaves;
    std::apply([&](auto*... p) { (leaves.add(p->data()), ...); }, parameters_of(*model_));
    (leaves.add(x), ...);
    void* outputs[] = {to};
    program_.run(leaves.data(), outputs);
  }
  /// A mistake.
  template <class... Y> requires detail::called_wrongly<mp::mp_list<X..., value_type*>, mp::mp_list<Y...>>
  auto operator()(Y const&...) {
    return complain<detail::wrong_arguments<mp::mp_list<X..., value_type*>, mp::mp_list<Y...>>()>();
  }
  /// A mistake.
  template <class = void> void operator()(X const&..., value_type*) const { complain<detail::constant_program<Model, X...>()>(); }

 private:
  Model const* model_;
  program program_;
};

inline namespace HWY_NAMESPACE {
/// `auto scores = make_inference<view<unorm8, 784, 1>>(model);`: the same on the backend of assignments.
template <class... X, class Model> auto make_inference(Model const& m) {
  if constexpr (!model<Model>) return complain<detail::no_model<Model>("make_inference")>();
  else if constexpr (sizeof...(X) == 0) return complain<detail::no_argument_types<Model>()>();
  else return inference<default_backend, Model, X...>(m);
}
/// A mistake, which a sentence of the compiler names.
template <class... X, class Model> requires model<Model> auto make_inference(Model const&&) {
  return complain<detail::inference_of_temporary<Model>()>();
}
}  // namespace HWY_NAMESPACE

// ---- what a program will do ---------------------------------------------------------------------------------

namespace detail {
/// For whatever its backend plans, or, of one that executes no plan, for the cores of a CPU.
template <class P> struct plan_behind {
  using type = compiled<typename P::spec>;
};
template <class P> requires requires { typename P::program::compiled_type; } struct plan_behind<P> {
  using type = typename P::program::compiled_type;
};
}  // namespace detail

/// The plan of a program P (a training_step or an inference) as constants.
template <class P> struct plan_of {
  using compiled_type = typename detail::plan_behind<P>::type;
  static constexpr auto const& plan = compiled_type::plan;
  static constexpr int kernels = plan.kernels;
  static constexpr long arena_bytes = plan.arena_bytes();
  static constexpr long own_bytes = plan.bytes(plan.own_floats);  ///< for each thread, besides
};

/// Kernels, expressions, shapes, bytes, flops and threads of a program, as text.
template <class P> requires requires { typename P::spec; } std::string explain(P const&) {
  using Q = typename detail::plan_behind<P>::type;
  return explain(Q::graph, Q::plan);
}

/// A mistake, which a sentence of the compiler names.
template <class T> requires(model<T> || operand<T>) auto explain(T const&) { return complain<detail::no_program<T>()>(); }

/// The same as a picture, in the language of Graphviz: `to_dot(step) | dot -Tsvg`.
template <class P> requires requires { typename P::spec; } std::string to_dot(P const&) {
  using Q = typename detail::plan_behind<P>::type;
  return to_dot(Q::graph, Q::plan);
}
/// An expression's values as a picture: what is computed, once each, before a plan is made of it.
template <expression E> std::string to_dot(E const&) {
  return to_dot(flattened<detail::scalar_evaluation<std::remove_cvref_t<E>>>::value);
}
/// A mistake, which a sentence of the compiler names.
template <class T> requires(model<T> && !expression<T>) auto to_dot(T const&) { return complain<detail::no_picture<T>()>(); }

// ---- updates by hand -------------------------------------------------------------------------------------

namespace detail {

template <class Next, class E> Next next_value(E&& e) {
  if constexpr (std::is_same_v<lifted<E>, Next>) return lift(std::forward<E>(e));
  else return {};
}

/// params(r): what update's function is called for.
template <class Result> struct parameter_symbols {
  Result& result;
};
template <class Result> auto parameters_to_update(Result& r) {
  if constexpr (!Result::of_model) return complain<no_parameters<Result>()>();
  else if constexpr (std::is_const_v<std::remove_reference_t<decltype((r.f))>>) return complain<constant_model<Result>()>();
  else return parameter_symbols<Result>{r};
}

/// Leaves: parameters, what the arguments are bound to, what the next values are bound to.
template <class Result, class F> struct update_spec;
template <class M, class... X, class F> struct update_spec<differentiated<M, X...>, F> {
  using model_type = std::remove_cvref_t<M>;
  using parameters = leaves_of_model<model_type>;
  using argument_tag = root_tag;
  static constexpr int argument_count = sizeof...(X);
  template <int K> using symbol_at = parameter<K, typename parameters::template array_at<K>>;
  template <int K> using next_of = unless_poisoned<
      typename decltype(check_next<lifted<decltype(std::declval<F&>()(symbol_at<K>{}))>, symbol_at<K>::shape>())::type,
      symbol_at<K>>;

  /// Expressions whose bindings are leaves, one after the other, from First on.
  template <int First, class... E> struct row {
    static constexpr int before(int k) {
      constexpr int n[] = {int(std::tuple_size_v<decltype(E::bound)>)..., 0};
      int b = First;
      for (int i = 0; i < k; ++i) b += n[i];
      return b;
    }
    static constexpr int end = before(sizeof...(E));
    static constexpr auto leaves = joined(bound_leaves<decltype(E::bound)>::value...);
  };
  // After a mistake in an argument nothing reads it.
  template <int... K> static auto arguments_of(std::integer_sequence<int, K...>) {
    using values = row<parameters::count, unless_poisoned<X, constant<0>>...>;
    return std::pair<values, mp::mp_list<result<typename unless_poisoned<X, constant<0>>::graph, -1, values::before(K)>...>>{};
  }
  using argument_row = decltype(arguments_of(std::make_integer_sequence<int, argument_count>{}));
  using arguments = typename argument_row::second_type;
  template <int... K> static auto results_of(std::integer_sequence<int, K...>) {
    using values = row<argument_row::first_type::end, next_of<K>...>;
    return std::pair<values, mp::mp_list<result<typename next_of<K>::graph, K, values::before(K)>...>>{};
  }
  using result_row = decltype(results_of(std::make_integer_sequence<int, parameters::count>{}));
  using results = typename result_row::second_type;
  static constexpr auto leaves = joined(parameters::value, argument_row::first_type::leaves, result_row::first_type::leaves);
};

template <class... E, class Leaves> void add_all_bindings(std::tuple<E...> const& expressions, Leaves& to) {
  auto put = [&](auto const& e) {
    if constexpr (!poison<decltype(e)>) add_bindings(e.bound, to);
  };
  std::apply([&](auto const&... e) { (put(e), ...); }, expressions);
}

}  // namespace detail

/// The parameters of a differentiated model, for update.
template <class M, class... X> auto params(differentiated<M, X...>& r) { return detail::parameters_to_update(r); }
/// The same.
template <class M, class... X> auto params(differentiated<M, X...> const& r) { return detail::parameters_to_update(r); }
/// A mistake, which a sentence of the compiler names.
template <class M> requires(model<M> || operand<M>) auto params(M const&) {
  if constexpr (poison<M>) return poisoned{};
  else return complain<detail::params_of_model<M>()>();
}

inline namespace HWY_NAMESPACE {
/// `update(params(r), [&](auto w) { return w - grad(r, w) * lr; })`: each parameter takes the value that the
/// function gives for it, all at once: every expression reads the old ones, also those that it or an argument names as
/// objects. It is one fused program.
template <class Result, class F> void update(detail::parameter_symbols<Result> const& p, F&& f) {
  using spec = detail::update_spec<std::remove_const_t<Result>, std::remove_cvref_t<F>>;
  leaf_list<spec> leaves;
  std::apply([&](auto*... a) { (leaves.add(a->data()), ...); }, parameters_of(p.result.f));
  detail::add_all_bindings(p.result.arguments, leaves);
  [&]<int... K>(std::integer_sequence<int, K...>) {
    auto const next =
        std::make_tuple(detail::next_value<typename spec::template next_of<K>>(f(typename spec::template symbol_at<K>{}))...);
    detail::add_all_bindings(next, leaves);
    detail::old_elements old;
    old.keep(leaves, sizeof...(K), spec::leaves.size(), 0, sizeof...(K));
    default_backend::run_once<spec>(leaves.data(), nullptr);
  }(std::make_integer_sequence<int, spec::parameters::count>{});
}
/// A mistake has been reported, and changes nothing.
template <class F> void update(poisoned, F&&) {}
/// A mistake, which a sentence of the compiler names.
template <class M, class F> requires model<M> void update(M const&, F&&) { complain<detail::params_of_model<M>()>(); }
/// A mistake, which a sentence of the compiler names.
template <class M, class... X, class F> void update(differentiated<M, X...> const&, F&&) {
  complain<detail::params_of_model<M>()>();
}
}  // namespace HWY_NAMESPACE

}  // namespace knit
