// expect: an expression of shape \(3\) is a condition, .*for both c % d, for one of them max\(c, d\), for not 1 - c
// page: operators: &&, || or ! of expressions
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 3>& x) {
#ifdef KNIT_WRONG
  tensor y = select(x > 0 && !(x > 1), x, 0);
#else
  tensor y = select((x > 0) % (1 - (x > 1)), x, 0);
#endif
  (void)y;
}
