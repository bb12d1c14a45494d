// expect: params and update take what diff.model.*gives
// page: models and programs: update without params
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 784, 100>& x, tensor<std::uint8_t, 100>& y, float lr) {
  auto model = make_chain(make_dense<784, 10>());
  auto r = diff(model)(x, y);
#ifdef KNIT_WRONG
  update(r, [&](auto w) { return w - lr * grad(r, w); });
#else
  update(params(r), [&](auto w) { return w - lr * grad(r, w); });
#endif
}
