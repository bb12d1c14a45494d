// expect: a program for a view of unorm8 \(784x100\), an address is called with a view of unorm8 \(784x50\), an address
// page: models and programs: A program for 100 instances, called with 50
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

#ifdef KNIT_WRONG
using images = view<unorm8, 784, 100>;
#else
using images = view<unorm8, 784, 50>;
#endif

void use(view<unorm8, 784, 50> const& x, float* to) {
  auto model = make_dense<784, 10>();
  auto f = make_inference<images>(model);
  f(x, to);
}
