// expect: the first argument of make_dense is the activation, .*an initialiser is the second: make_dense<...>.identity, gaussian.1..
// page: layers: An initialiser in the place of an activation
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 784>& x) {
#ifdef KNIT_WRONG
  auto layer = make_dense<784, 10>(gaussian{1});
#else
  auto layer = make_dense<784, 10>(identity, gaussian{1});
#endif
  tensor y = layer(x);
  (void)y;
}
