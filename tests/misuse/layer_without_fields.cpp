// expect: a layer names its fields, BOOST_HANA_DEFINE_STRUCT
// page: layers: A layer that does not name its fields
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

template <class G> struct gain {
#ifdef KNIT_WRONG
  G g;
#else
  BOOST_HANA_DEFINE_STRUCT(gain, (G, g));
#endif
  template <class X> constexpr auto operator()(X&& x) const { return g % std::forward<X>(x); }
};

float use(instances<784> const& data) {
  auto model = make_chain(make_dense<784, 10>(), gain<tensor<float, 10>>{});
  float sum = 0;
  for (float loss : data | minibatch<100>() | sgd(model)) sum += loss;
  return sum;
}
