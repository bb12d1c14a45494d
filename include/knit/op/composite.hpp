// SPDX-License-Identifier: BSL-1.0
// composite.hpp -- softmax, losses: compositions of ops, so without derivatives of their own.
#pragma once
#include <knit/op/activation.hpp>
#include <knit/op/index.hpp>

namespace knit {

/// Its operand as a constant: no gradient passes.
struct detach_op : elementwise<1> {
  static constexpr char const* name = "detach";
  static constexpr bool transparent = true;
  template <class V> KNIT_FN static V eval(V a) { return a; }
};
/// The value of a with the derivative of b, which is another way to write it: of the same shape, and worked out for the
/// derivative alone.
struct as_op : elementwise<2> {
  static constexpr char const* name = "as";
  static constexpr bool transparent = true;
  template <class V> KNIT_FN static V eval(V a, V) { return a; }
  static constexpr auto pullback(auto, auto g, auto, auto) { return grads(no_gradient{}, g); }
};
/// a as a constant: its value, in its shape, and no gradient.
template <function_operand A> constexpr auto detach(A&& a) { return make<detach_op>(std::forward<A>(a)); }

namespace detail {
// exp(z - max) is at most 1, so nothing overflows; the shift cancels in every derivative, so it passes none.
template <int... Axes, class Z> constexpr auto shifted(Z const& z) { return z - detach(max<Axes...>(z)); }
}  // namespace detail

/// log(sum(exp(z))) over the named axes (counted from 0), which stay with extent 1, or over all, which gives a number. Safe at any
/// finite z.
template <int... Axes, function_operand Z> constexpr auto logsumexp(Z&& z) {
  if constexpr (poison<Z>) return poisoned{};
  else {
    auto e = lift(std::forward<Z>(z));
    auto m = detach(max<Axes...>(e));
    return log(sum<Axes...>(exp(e - m))) + m;
  }
}
/// exp(z) over its sum along the named axes (counted from 0), or over all, in the shape of z. Safe at any finite z.
template <int... Axes, function_operand Z> constexpr auto softmax(Z&& z) {
  if constexpr (poison<Z>) return poisoned{};
  else {
    auto e = exp(detail::shifted<Axes...>(lift(std::forward<Z>(z))));
    return e / sum<Axes...>(e);
  }
}
/// The logarithm of softmax, likewise. Safe at any finite z.
template <int... Axes, function_operand Z> constexpr auto logsoftmax(Z&& z) {
  if constexpr (poison<Z>) return poisoned{};
  else {
    auto s = detail::shifted<Axes...>(lift(std::forward<Z>(z)));
    return s - log(sum<Axes...>(exp(s)));
  }
}

namespace detail {
constexpr sentence nll_complaint(shape scores, shape labels) {
  sentence t = label_complaint("nll(scores, labels)", scores, labels);
  if (t.empty() && scores.known() && scores.extent[0] == 1)
    t << "nll(scores, labels): scores " << scores
      << " are of one class, so the loss is always 0; for measured values use "
         "mse(f(x), y), f(x) and y of one shape";
  return t;
}
constexpr sentence mse_complaint(shape a, shape b) {
  sentence t;
  bool of_a = true, of_b = true;
  for (int q = 0; q < max_rank; ++q) {
    of_a = of_a && (same_axis(a, q, b, q) || b.extent[q] == 1);
    of_b = of_b && (same_axis(a, q, b, q) || a.extent[q] == 1);
  }
  if (a.known() && b.known() && !of_a && !of_b && broadcasts(a, b))
    t << "mse(a, b): each of " << a << " and " << b
      << " would be repeated for the other; make the shapes equal, as by transpose(b)";
  return t;
}
}  // namespace detail

/// The mean negative log-likelihood, a number in nats, of labels (n whole numbers from 0) under scores (classes x n, not
/// normalised). A label outside 0 .. classes - 1 counts as if its score were the largest. Other shapes, and scores of one class, are
/// an error of the compiler.
template <function_operand Z, function_operand L> constexpr auto nll(Z&& scores, L&& labels) {
  if constexpr (poison<Z> || poison<L>) return poisoned{};
  else if constexpr (constexpr sentence s = detail::nll_complaint(lifted<Z>::shape, lifted<L>::shape); !s.empty())
    return complain<s>();
  else if constexpr (detail::is_measured<L>()) return complain<detail::measured_complaint<L>("nll(scores, labels)")>();
  else {
    auto z = detail::shifted<0>(lift(std::forward<Z>(scores)));
    return mean(log(sum<0>(exp(z))) - gather(z, std::forward<L>(labels)));
  }
}
/// The mean squared difference, a number, of arrays of one shape, or of which one is repeated for the other. Shapes of which each
/// would be repeated for the other are an error of the compiler.
template <class Y, class T> requires operands<Y, T> constexpr auto mse(Y&& y, T&& t) {
  if constexpr (poison<Y> || poison<T>) return poisoned{};
  else if constexpr (constexpr sentence s = detail::mse_complaint(lifted<Y>::shape, lifted<T>::shape); !s.empty())
    return complain<s>();
  else return mean(square(std::forward<Y>(y) - std::forward<T>(t)));
}

}  // namespace knit
