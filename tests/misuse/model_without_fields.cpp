// expect: training takes a model, a struct that names its fields by BOOST_HANA_DEFINE_STRUCT.*, and this struct names none
// page: models and programs: A model that does not name its fields
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

template <class W, class B> struct line {
#ifdef KNIT_WRONG
  W w;
  B b;
#else
  BOOST_HANA_DEFINE_STRUCT(line, (W, w), (B, b));
#endif
  constexpr auto operator()(auto const& x) const { return w * x + b; }
  constexpr auto operator()(auto const& x, auto const& y) const { return mse((*this)(x), transpose(y)); }
};

float use(instances<3, float, float> const& data) {
  line<tensor<float, 1, 3>, tensor<float, 1>> model;
  float sum = 0;
  for (float loss : data | minibatch<100>() | sgd(model, {.lr = 0.1f})) sum += loss;
  return sum;
}
