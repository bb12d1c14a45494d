// SPDX-License-Identifier: BSL-1.0
// index.hpp -- coordinates, gather by labels, random numbers by coordinate.
#pragma once
#include <array>
#include <cstdint>
#include <knit/core/philox.hpp>
#include <knit/op/contract.hpp>

namespace knit {

/// The coordinate along Axis of each element of an array of the operand's shape: 0, 1, 2, ...
template <int Axis> struct coordinate_like_op {
  static constexpr kind what = kind::map;
  static constexpr int arity = 0;
  static constexpr bool like = true, indexed = true;
  static constexpr char const* name = "coordinate";
  static constexpr sentence complain(shape const* s) {
    sentence t;
    if (Axis < 0 || Axis >= s[0].rank)
      t << "coordinate_like<" << Axis << ">(x) of an array of shape " << s[0] << ": axes count from 0, so name one below "
        << s[0].rank;
    return t;
  }
  static constexpr shape infer(shape const* s) { return s[0]; }
  template <class V> KNIT_FN static V eval(std::array<V, max_rank> const& at, shape) { return at[Axis]; }
};

/// Uniform random numbers in [0, 1), one for each element of the second operand, drawn by counter: the same
/// on every backend, layout and number of threads. Operand 0 is the seed (a whole number below 2^24); the array has at
/// most 2^24 elements. Site makes two places in a program two nodes; `Stream` of eval adds the path of the layer that it stands in.
template <class Site> struct uniform_like_op {
  static constexpr kind what = kind::map;
  static constexpr int arity = 1;
  static constexpr bool like = true, indexed = true, random = true;
  static constexpr int flops = 60;  // ten rounds of Philox
  static constexpr char const* name = "uniform";
  static constexpr shape infer(shape const* s) { return s[1]; }
  /// Lanes count elements in float, so above this two of them have one number, and one random number.
  static constexpr long most_elements = 1l << 24;
  static constexpr sentence complain(shape const* s) {
    sentence t;
    if (s[0].rank != 0) t << "uniform_like(a, seed): the seed is a number, and this one is an array of shape " << s[0];
    else if (s[1].size() > most_elements)
      t << "uniform_like: " << s[1] << " has " << s[1].size() << " elements, and random numbers are told apart for "
        << most_elements << "; draw for a smaller array and repeat it, or draw for parts";
    return t;
  }
  template <class V> KNIT_FN static V eval(std::array<V, max_rank> const& at, shape s, V seed, std::uint32_t stream) {
    V element = at[3];
    for (int k = 2; k >= 0; --k) element = element * V(float(s.extent[k])) + at[std::size_t(k)];
    using math::each;
    return each(element, seed, [stream](auto e, auto key) {
      return decltype(e)(uniform01(philox({std::uint32_t(e), stream, 0, 0}, {std::uint32_t(key), 0})[0]));
    });
  }
};

/// The coordinate along Axis, 0 to 3, of each element of an array in the shape of a: 0, 1, 2, ... No gradient passes.
template <int Axis, function_operand A> constexpr auto coordinate_like(A&& a) {
  return make<coordinate_like_op<Axis>>(std::forward<A>(a));
}
/// Uniform random numbers in [0, 1) in the shape of a, of a seed that is a whole number from 0 to below 2^24; more than 2^24 elements
/// are an error of the compiler. Every place in the source that calls it is a random node of its own. A layer
/// that draws is a function of its arguments all the same: on one value it is one value, however often it is called. Source: philox.
template <class Site = decltype([] {}), operand Seed, function_operand A> constexpr auto uniform_like(A&& a, Seed&& seed) {
  return make<uniform_like_op<Site>>(std::forward<Seed>(seed), std::forward<A>(a));
}

namespace detail {
/// Is it an array of float or double, which as labels would be measured values?
template <class L> constexpr bool is_measured() {
  if constexpr (array_like<L>) return std::is_floating_point_v<typename std::remove_cvref_t<L>::value_type>;
  else return false;
}
template <class L> constexpr sentence measured_complaint(char const* call) {
  return sentence() << call
                    << ": labels of float or double, and a label is the number of a class: make them an array of "
                       "std::uint8_t or std::int32_t; "
                       "of measured values the loss is mse(f(x), y), f(x) and y of one shape";
}
constexpr sentence label_complaint(char const* call, shape a, shape labels) {
  sentence t;
  const int n = a.rank > 1 ? a.extent[1] : 1;
  if (a.rank > 2) t << call << ": " << a << " must be classes x instances";
  else if (labels.rank > 1) t << call << ": labels " << labels << " must be a vector: the number of a class for each instance";
  else if (labels.size() != n || (n > 1 && labels.name[0] != (a.rank > 1 ? a.name[1] : 0)))
    t << call << ": " << a << " is classes x instances and labels " << labels << " must hold one label for each instance, " << n;
  return t;
}
}  // namespace detail

/// The element of each column of a that its label names: a is classes x n, labels n whole numbers counted
/// from 0, the result 1 x n. A label outside 0 .. classes - 1 names nothing and gives 0. Reads every element
/// of a, which for the few classes of a classifier is one vector. Another shape of either is an error of the compiler.
template <function_operand A, function_operand L> constexpr auto gather(A&& a, L&& labels) {
  if constexpr (poison<A> || poison<L>) return poisoned{};
  else if constexpr (detail::is_measured<L>()) return complain<detail::measured_complaint<L>("gather(a, labels)")>();
  else if constexpr (constexpr sentence s = detail::label_complaint("gather(a, labels)", lifted<A>::shape, lifted<L>::shape);
                     !s.empty())
    return complain<s>();
  else {
    auto e = lift(std::forward<A>(a));
    auto named = coordinate_like<0>(e) == transpose(std::forward<L>(labels));
    return sum<0>(select(named, e, 0));
  }
}

}  // namespace knit
