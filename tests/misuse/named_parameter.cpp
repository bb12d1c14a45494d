// expect: a parameter has shape .10xinputs<=784.; the compiler must know the extents of a parameter
// page: layers: A weight whose extents are known at run time only
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

#ifdef KNIT_WRONG
using weights = tensor<float, 10, dyn<"inputs", 784>>;
using features = view<float, dyn<"inputs", 784>, 100>;
#else
using weights = tensor<float, 10, 784>;
using features = view<float, 784, 100>;
#endif

float use(weights w, features x, view<std::uint8_t, 100> labels) {
  auto model = make_chain(dense{std::move(w), tensor<float, 10>(), identity});
  training_step<default_backend, decltype(model), sgd_rule, features, view<std::uint8_t, 100>> step(model, sgd_rule{});
  return step(x, labels);
}
