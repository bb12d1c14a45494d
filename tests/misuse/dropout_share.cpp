// expect: dropout takes the share that it drops as a number in its type, from 0 to below 1, such as dropout\{0.2_c\}
// page: layers: dropout of a share above 1
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 5, 2>& x, tensor<std::uint8_t, 2>& y) {
#ifdef KNIT_WRONG
  auto model = make_chain(make_dense<5, 4>(), dropout{1.5_c}, make_dense<4, 3>());
#else
  auto model = make_chain(make_dense<5, 4>(), dropout{0.5_c}, make_dense<4, 3>());
#endif
  training_step<default_backend, decltype(model), sgd_rule, tensor<float, 5, 2>, tensor<std::uint8_t, 2>> step(model, {});
  step(x, y);
}
