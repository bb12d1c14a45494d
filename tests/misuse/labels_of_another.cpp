// expect: the labels of this data set are given as std::uint8_t, and these are of std::int32_t; convert them, or make it a set of these, instances<256, float, std::int32_t>
// page: data: Labels of another type
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>
#include <vector>

using namespace knit;

auto use(std::vector<float> x, std::vector<int> y) {
#ifdef KNIT_WRONG
  return instances<256, float>(std::move(x), std::move(y), 3);
#else
  return instances<256, float, std::int32_t>(std::move(x), std::move(y), 3);
#endif
}
