// expect: the instances of this data set are given as float, and these are of double; convert them, or make it a set of these, instances<256, double>
// page: data: Instances of another type
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>
#include <vector>

using namespace knit;

auto use(std::vector<double> x, std::vector<std::uint8_t> y) {
#ifdef KNIT_WRONG
  return instances<256, float>(std::move(x), std::move(y), 3);
#else
  return instances<256, double>(std::move(x), std::move(y), 3);
#endif
}
