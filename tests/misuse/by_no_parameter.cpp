// expect: by_parameter: the choice is true of no parameter of this model
// page: training: A choice of rules that is true of no parameter
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

float use(tensor<float, 5, 2>& x, tensor<std::uint8_t, 2>& y) {
  auto model = make_chain(make_dense<5, 3>());
#ifdef KNIT_WRONG
  auto rule = by_parameter([](auto p) { return p.path == "0.w"; }, adamw_rule{}, sgd_rule{});
#else
  auto rule = by_parameter([](auto p) { return p.path == "layers.0.w"; }, adamw_rule{}, sgd_rule{});
#endif
  training_step<default_backend, decltype(model), decltype(rule), tensor<float, 5, 2>, tensor<std::uint8_t, 2>> step(model, rule);
  return step(x, y);
}
