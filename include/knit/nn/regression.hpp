// SPDX-License-Identifier: BSL-1.0
// regression.hpp -- a model of measured values: a layer or chain, and a loss of its predictions.
#pragma once
#include <knit/expr/model.hpp>
#include <knit/op/composite.hpp>

namespace knit {

/// mse as an object: the loss of a `regression` if none is named.
struct mean_squared_error {
  /// The mean of the squared differences of two arrays of one shape: a number.
  template <class A, class B> constexpr auto operator()(A&& a, B&& b) const { return mse(std::forward<A>(a), std::forward<B>(b)); }
};

namespace detail {
/// Are labels one number for each instance, and predictions a row of these?
template <class P, class Y> constexpr bool is_row_of() {
  if constexpr (poison<P> || poison<Y>) return false;
  else return P::shape.rank == 2 && P::shape.extent[0] == 1 && Y::shape.rank == 1 && same_axis(P::shape, 1, Y::shape, 0);
}
}  // namespace detail

/// A model of measured values: a layer, or a chain of them, and a function of a prediction and what was measured.
template <class Net, class Loss> struct regression {
  BOOST_HANA_DEFINE_STRUCT(regression, (Net, net), (Loss, loss));

  /// The prediction, net(x).
  template <class X> constexpr auto operator()(X&& x) const { return net(std::forward<X>(x)); }
  /// The loss of the prediction and y, which has its shape, or, of B, a prediction for each of B instances, 1 x B. Which other shapes
  /// go together is the loss's affair.
  template <class X, class Y> constexpr auto operator()(X&& x, Y&& y) const {
    auto prediction = net(std::forward<X>(x));
    auto measured = lift(std::forward<Y>(y));
    if constexpr (detail::is_row_of<decltype(prediction), decltype(measured)>())
      return loss(std::move(prediction), transpose(std::move(measured)));
    else return loss(std::move(prediction), std::move(measured));
  }
};

/// `make_regression(make_chain(make_dense<2, 32>(relu), make_dense<32, 1>()))`, whose loss is the mean squared error, or, with a
/// function object without members, that: `make_regression(net, [](auto const& p, auto const& y) { return mean(abs(p - y)); })`.
template <class Net, class Loss = mean_squared_error> auto make_regression(Net net, Loss loss = {}) {
  return regression<Net, Loss>{std::move(net), loss};
}

}  // namespace knit
