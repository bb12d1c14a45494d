// expect: what is trained must outlive the range of its losses, and this model is a temporary; give it a name
// page: training: Training a temporary model
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(instances<5> const& data) {
#ifdef KNIT_WRONG
  for (float loss : data | minibatch<2>() | sgd(make_chain(make_dense<5, 3>()))) (void)loss;
#else
  auto model = make_chain(make_dense<5, 3>());
  for (float loss : data | minibatch<2>() | sgd(model)) (void)loss;
#endif
}
