// expect: an expression of shape \(10x100\) is assigned to an array while a function or layer is traced
// page: models and programs: An array as a variable of a layer
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

template <class W> struct layer {
  BOOST_HANA_DEFINE_STRUCT(layer, (W, w));
  constexpr auto operator()(auto const& x) const {
#ifdef KNIT_WRONG
    tensor h = w * x;
#else
    auto h = w * x;
#endif
    return h % h;
  }
};

void use(tensor<float, 784, 100>& x) {
  layer<tensor<float, 10, 784>> model;
  auto f = make_inference<tensor<float, 784, 100>>(model);
  tensor<float, 10, 100> y;
  f(x, y.data());
}
