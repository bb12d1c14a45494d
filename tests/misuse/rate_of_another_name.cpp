// expect: a schedule multiplies the rate of a rule, its member lr, and this rule has none; name it lr, or give the rule a function
// page: training: scheduled(rule, factor) of a rule whose rate is not lr
// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <knit/knit.hpp>

using namespace knit;

struct plain {
#ifdef KNIT_WRONG
  double rate = 0.1;
  std::array<double, 1> hyper(long) const { return {rate}; }
#else
  double lr = 0.1;
  std::array<double, 1> hyper(long) const { return {lr}; }
#endif
  struct next {
    constexpr auto operator()(auto w, auto g, auto by) const { return w - by % g; }
  };
};

double use() { return scheduled(plain{}, cosine{1000}).hyper(1)[0]; }
