// expect: a layer names its fields, BOOST_HANA_DEFINE_STRUCT.name, .W, w., .B, b..; a lambda that captures is none, so make it one
// page: models and programs: A layer that is a lambda with a captured number
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

template <class G> struct gain {
  BOOST_HANA_DEFINE_STRUCT(gain, (G, g));
  constexpr auto operator()(auto const& x) const { return detach(g) * x; }
};
template <class G> gain(G) -> gain<G>;

tensor<float, 3> use(float g, view<float, 256> const& x) {
#ifdef KNIT_WRONG
  auto model = make_chain([g](auto const& frame) { return g * frame; }, make_dense<256, 3>());
#else
  auto model = make_chain(gain{tensor<float>(g)}, make_dense<256, 3>());
#endif
  auto scores = make_inference<view<float, 256>>(model);
  tensor<float, 3> y;
  scores(x, y.data());
  return y;
}
