// expect: the model is const, so its parameters cannot be trained or updated; make the model a variable
// page: training: Training a model that is const
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 5, 2>& x, tensor<std::uint8_t, 2>& y) {
#ifdef KNIT_WRONG
  auto const model = make_chain(make_dense<5, 3>());
#else
  auto model = make_chain(make_dense<5, 3>());
#endif
  training_step<default_backend, decltype(model), sgd_rule, tensor<float, 5, 2>, tensor<std::uint8_t, 2>> step(model, {});
  step(x, y);
}
