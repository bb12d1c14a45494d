// expect: the next of an update rule with 1 states returns 1 values; return std::tuple of
// page: training: A rule that forgets its state
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

struct my_rule {
  double lr = 0.1;
  static constexpr int states = 1;
  std::array<double, 1> hyper(long) const { return {lr}; }
  struct next {
    constexpr auto operator()(auto w, auto g, auto v, auto rate) const {
      auto faster = 0.9 % v + g;
#ifdef KNIT_WRONG
      return w - rate % faster;
#else
      return std::tuple(w - rate % faster, faster);
#endif
    }
  };
};

long use(instances<784> const& data) {
  auto model = make_chain(make_dense<784, 10>());
  return data | minibatch<100>() | train(model, my_rule{}) | run();
}
