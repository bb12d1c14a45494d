// expect: a field of a layer is an array, a layer, a hana::tuple of layers, or an attribute
// page: layers: A number as a field of a layer
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

template <class W, class S> struct scaled {
  BOOST_HANA_DEFINE_STRUCT(scaled, (W, w), (S, scale));
  template <class X> constexpr auto operator()(X&& x) const { return scale * (w * x); }
};
template <class W, class S> scaled(W, S) -> scaled<W, S>;

float use(instances<784> const& data) {
#ifdef KNIT_WRONG
  auto model = make_chain(scaled{tensor<float, 10, 784>(), 0.5f});
#else
  auto model = make_chain(scaled{tensor<float, 10, 784>(), tensor<float>(0.5f)});
#endif
  float sum = 0;
  for (float loss : sgd(model, data | minibatch<100>())) sum += loss;
  return sum;
}
