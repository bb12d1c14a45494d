// expect: labels that are classes are given with their number, instances<2>
// page: data: The number of classes left out
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

instances<2, float> use(std::vector<float> x, std::vector<std::uint8_t> y) {
#ifdef KNIT_WRONG
  return instances<2, float>(std::move(x), std::move(y));
#else
  return instances<2, float>(std::move(x), std::move(y), 3);
#endif
}
