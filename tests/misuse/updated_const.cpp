// expect: the model is const, so its parameters cannot be trained or updated; make the model a variable
// page: models and programs: update of a model that is const
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 5, 2>& x, tensor<std::uint8_t, 2>& y, float lr) {
#ifdef KNIT_WRONG
  auto const model = make_chain(make_dense<5, 3>());
#else
  auto model = make_chain(make_dense<5, 3>());
#endif
  auto f = diff(model)(x, y);
  update(params(f), [&](auto w) { return w - grad(f, w) * lr; });
}
