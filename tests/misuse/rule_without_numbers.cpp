// expect: an update rule is a struct with std::array<double, N> hyper.long step. const, .*and a struct next
// page: training: A rule without hyper
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

struct my_rule {
  double lr = 0.1;
#ifndef KNIT_WRONG
  std::array<double, 1> hyper(long) const { return {lr}; }
#endif
  struct next {
    constexpr auto operator()(auto w, auto g, auto rate) const { return w - rate % g; }
  };
};

long use(instances<784> const& data) {
  auto model = make_chain(make_dense<784, 10>());
  return data | minibatch<100>() | train(model, my_rule{}) | run();
}
