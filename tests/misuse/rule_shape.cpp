// expect: update: the next value of a parameter of shape \(10x784\) has shape \(1x784\); make them equal
// page: training: A rule that returns another shape
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

struct my_rule {
  double lr = 0.1;
  std::array<double, 1> hyper(long) const { return {lr}; }
  struct next {
#ifdef KNIT_WRONG
    constexpr auto operator()(auto w, auto g, auto rate) const { return sum<0>(w - rate % g); }
#else
    constexpr auto operator()(auto w, auto g, auto rate) const { return w - rate % g; }
#endif
  };
};

long use(instances<784> const& data) {
  auto model = make_chain(make_dense<784, 10>());
  return data | minibatch<100>() | train(model, my_rule{}) | run();
}
