// expect: a view of float .3. is made of an address, or of a vector or array that has a name, or a span, of float; this one is a temporary
// page: operators: A view of a temporary list
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>
#include <vector>

using namespace knit;

float use() {
#ifdef KNIT_WRONG
  const view<float, 3> x(std::vector<float>{1, 2, 3});
#else
  const tensor<float, 3> x(std::vector<float>{1, 2, 3});
#endif
  return sum(x);
}
