// SPDX-License-Identifier: BSL-1.0
// gradients.hpp -- in: a function and arrays. out: its value and derivatives as one program, run again and again.
#pragma once
#include <knit/program.hpp>

namespace knit {

namespace detail {

template <class T, class E> struct array_of;
template <class T, long... N> struct array_of<T, extents<N...>> {
  using type = tensor<T, N...>;
};

constexpr sentence not_a_number_to_differentiate(shape s) {
  return sentence() << "value_and_gradients: the value of the function is a number, and this one is an array of shape " << s
                    << "; return its sum or mean";
}
template <class F> constexpr sentence not_stateless() {
  return sentence()
         << "value_and_gradients<Backend, F, X...>: F is a struct without members, whose operator() is the function; pass what it "
            "captures as an argument";
}

/// F's value on arguments, an output, and its derivative with regard to each. Leaves: arguments, derivatives.
template <class F, class... X> struct gradients_spec {
  using argument_tag = gradients_spec;
  static constexpr int count = int(sizeof...(X)), first_argument = 0, argument_count = count;
  using value_type = std::conditional_t<number_among(std::array{leaf_of_array<X>...}) == element::f64, double, float>;
  static constexpr std::array<leaf_info, 2 * sizeof...(X)> leaves{
      leaf_of_array<X>..., leaf_of_array<typename array_of<value_type, typename X::extents_type>::type>...};
  template <int K> using at = argument<gradients_spec, K, typename mp::mp_at_c<mp::mp_list<X...>, std::size_t(K)>::extents_type>;
  template <int... K> static constexpr auto trace(std::integer_sequence<int, K...>) {
    if constexpr (!std::is_empty_v<F> || !std::is_default_constructible_v<F>) return complain<not_stateless<F>()>();
    else return call_layer<0>(F{}, at<K>{}...);
  }
  using traced = decltype(trace(std::make_integer_sequence<int, count>{}));
  static constexpr auto checked() {
    if constexpr (poison<traced>) return mp::mp_identity<decltype(sum(at<0>{}))>{};
    else if constexpr (traced::shape.rank != 0) {
      complain<not_a_number_to_differentiate(traced::shape)>();
      return mp::mp_identity<decltype(sum(at<0>{}))>{};
    } else return mp::mp_identity<traced>{};
  }
  using value = typename decltype(checked())::type;
  template <int... K> static auto list(std::integer_sequence<int, K...>)
      -> mp::mp_list<result<typename value::graph>,
                     result<typename decltype(make<gradient_op>(value{}, at<K>{}))::graph, count + K>...>;
  using results = decltype(list(std::make_integer_sequence<int, count>{}));
};

}  // namespace detail

/// The value of the function F at arrays like X..., and its derivative with regard to each, as one fused program for
/// callers that run it again and again: an optimiser or a sampler of their own. F is a struct without members whose
/// operator() gives a number. After construction nothing is allocated.
template <class Backend, class F, class... X> class value_and_gradients {
 public:
  using spec = detail::gradients_spec<F, X...>;
  using program = typename Backend::template program<spec>;
  using value_type = typename spec::value_type;  ///< double if an argument is of double, else float

  /// The value; the derivatives go to `gradients`, in the order and shapes of the arguments, which they must not overlap. Throws
  /// std::invalid_argument where arrays disagree about the extent of a name.
  value_type operator()(X const&... x, typename detail::array_of<value_type, typename X::extents_type>::type&... gradients) {
    leaf_list<spec> leaves;
    (leaves.add(x), ...);
    (leaves.add_result(gradients), ...);
    typename program::value_type v = 0;
    void* outputs[] = {&v};
    program_.run(leaves.data(), outputs);
    return value_type(v);
  }
  /// A mistake.
  template <class... Y>
  requires detail::called_wrongly<mp::mp_list<X..., typename detail::array_of<value_type, typename X::extents_type>::type...>,
                                  mp::mp_list<Y...>>
  auto operator()(Y const&...) {
    return complain<detail::wrong_arguments<
        mp::mp_list<X..., typename detail::array_of<value_type, typename X::extents_type>::type...>, mp::mp_list<Y...>>()>();
  }

 private:
  program program_;
};

}  // namespace knit
