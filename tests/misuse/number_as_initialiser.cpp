// expect: the first values of weights come from an initialiser, such as xavier_uniform.1., .*for equal ones write tensor<float, 256, 784>
// page: layers: init of a number
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 10>& x) {
#ifdef KNIT_WRONG
  auto w = init<5, 10>(0.1f);
#else
  auto w = tensor<float, 5, 10>(0.1f);
#endif
  tensor y = w * x;
  (void)y;
}
