// expect: update: the next value of a parameter of shape \(3x5\) has shape \(5x3\)
// page: models and programs: update with a value of another shape
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 5, 2>& x, tensor<std::uint8_t, 2>& y, float lr) {
  auto model = make_chain(make_dense<5, 3>());
  auto f = diff(model)(x, y);
#ifdef KNIT_WRONG
  update(params(f), [&](auto w) { return transpose(w - grad(f, w) * lr); });
#else
  update(params(f), [&](auto w) { return w - grad(f, w) * lr; });
#endif
}
