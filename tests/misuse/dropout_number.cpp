// expect: make a number a tensor<float> or a type, as 0.2_c in dropout.0.2_c.
// page: layers: dropout{0.2}
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

float use(instances<784> const& data) {
#ifdef KNIT_WRONG
  auto model = make_chain(make_dense<784, 50>(relu), dropout{0.2}, make_dense<50, 10>());
#else
  auto model = make_chain(make_dense<784, 50>(relu), dropout{0.2_c}, make_dense<50, 10>());
#endif
  float sum = 0;
  for (float loss : data | minibatch<100>() | sgd(model)) sum += loss;
  return sum;
}
