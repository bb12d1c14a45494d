// SPDX-License-Identifier: BSL-1.0
// chain.hpp -- layers one after the other; with labels, a classifier's loss.
#pragma once
#include <knit/expr/model.hpp>
#include <knit/op/composite.hpp>

namespace knit {

namespace detail {
/// What a layer multiplies by, if it says so.
template <class Layer> constexpr shape weight_of() {
  if constexpr (requires { Layer::weight; }) return Layer::weight;
  else return {};
}
template <class... L> constexpr sentence layers_that_do_not_meet() {
  constexpr shape w[] = {weight_of<L>()..., {}};
  sentence t;
  for (int k = 1; k < int(sizeof...(L)) && t.empty(); ++k) {
    const int gives = w[k - 1].extent[0], takes = w[k].extent[1];
    if (w[k - 1].rank == 2 && w[k].rank == 2 && w[k - 1].known() && w[k].known() && gives != takes)
      t << "layer " << k - 1 << " of the chain gives " << gives << " numbers and layer " << k << " takes " << takes
        << "; make them equal, as in make_chain(make_dense<784, 256>(relu), make_dense<256, 10>())";
  }
  return t;
}
}  // namespace detail

/// Layers, one after the other.
template <class... L> struct chain {
  BOOST_HANA_DEFINE_STRUCT(chain, (hana::tuple<L...>, layers));
  template <class Layers> using with_fields = mp::mp_rename<Layers, chain>;
  static constexpr int labels = 1;  ///< which argument, from 0, holds labels, which are no measured values

  /// The value of the last layer, on that of the one before, and so on; x is what the first takes.
  template <class X> constexpr auto operator()(X&& x) const {
    return hana::fold_left(layers, lift(std::forward<X>(x)), [](auto h, auto const& f) { return f(std::move(h)); });
  }
  /// The loss: nll of the scores of the last layer, classes x instances, and of the labels y.
  template <class X, class Y> constexpr auto operator()(X&& x, Y&& y) const {
    return nll((*this)(std::forward<X>(x)), std::forward<Y>(y));
  }
};

/// chain of the given layers: `make_chain(dense(w1, b1, relu), dense(w2, b2))`.
template <class... L> auto make_chain(L... layers) {
  constexpr sentence wrong = detail::layers_that_do_not_meet<L...>();
  if constexpr (!wrong.empty()) return complain<wrong>();
  else return chain<L...>{hana::tuple<L...>(std::move(layers)...)};
}

}  // namespace knit
