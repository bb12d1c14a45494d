// expect: a parameter has shape .10xinputs<=784.; the compiler must know the extents of a parameter
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

#ifdef KNIT_WRONG
using weights = tensor<float, 10, dyn<"inputs", 784>>;
#else
using weights = tensor<float, 10, 784>;
#endif

void use(weights w, instances<784> const& data, float& sum) {
  auto model = make_chain(dense(std::move(w), tensor<float, 10>(), identity));
  for (float loss : sgd(model, data | minibatch<100>())) sum += loss;
}
