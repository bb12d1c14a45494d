// expect: knit: by_parameter chooses at compile time, so by a function without captures
// page: training: A choice of rules that captures
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

auto use(unsigned long rank) {
#ifdef KNIT_WRONG
  return by_parameter([rank](auto p) { return p.extents.rank == int(rank); }, adamw_rule{}, sgd_rule{});
#else
  (void)rank;
  return by_parameter([](auto p) { return p.extents.rank == 2; }, adamw_rule{}, sgd_rule{});
#endif
}
