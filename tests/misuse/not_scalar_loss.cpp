// expect: the loss of a model is a number, and this one is an array of shape \(1x100\)
// page: training: A loss that is an array
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

template <class M> struct net {
  BOOST_HANA_DEFINE_STRUCT(net, (M, inner));
  constexpr auto operator()(auto const& x, auto const& y) const {
#ifdef KNIT_WRONG
    return gather(inner(x), y);
#else
    return -mean(gather(logsoftmax<0>(inner(x)), y));
#endif
  }
};
template <class M> net(M) -> net<M>;

float use(instances<784> const& data) {
  auto model = net{make_dense<784, 10>()};
  float sum = 0;
  for (float loss : sgd(model, data | minibatch<100>())) sum += loss;
  return sum;
}
