// expect: BOOST_HANA_DEFINE_STRUCT does not name all members of this layer.*a type, as 0.2_c
// page: models and programs: A member that the macro does not name
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

template <class Net> struct scaled {
  BOOST_HANA_DEFINE_STRUCT(scaled, (Net, net));
#ifdef KNIT_WRONG
  float scale = 1;
#else
  static constexpr float scale = 100;
#endif
  constexpr auto operator()(auto const& x, auto const& y) const { return scale * mse(net(x), y); }
};

float use(tensor<float, 3, 8> const& x, tensor<float, 1, 8> const& y) {
  scaled<decltype(make_dense<3, 1>())> model{make_dense<3, 1>()};
  return value(diff(model)(x, y));
}
