// expect: a layer is a template over the types of its fields
// page: layers: A layer that is no template
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

#ifdef KNIT_WRONG
struct affine {
  BOOST_HANA_DEFINE_STRUCT(affine, (tensor<float, 10, 784>, w), (tensor<float, 10>, b));
  template <class X> constexpr auto operator()(X&& x) const { return w * x + b; }
};
#else
template <class W, class B> struct affine {
  BOOST_HANA_DEFINE_STRUCT(affine, (W, w), (B, b));
  template <class X> constexpr auto operator()(X&& x) const { return w * x + b; }
};
template <class W, class B> affine(W, B) -> affine<W, B>;
#endif

float use(instances<784> const& data) {
  auto model = make_chain(affine{tensor<float, 10, 784>(), tensor<float, 10>()});
  float sum = 0;
  for (float loss : sgd(model, data | minibatch<100>())) sum += loss;
  return sum;
}
