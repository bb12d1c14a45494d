// expect: params\(r\): r is of a function, which has arguments and no parameters; params needs the diff of a model
// page: models and programs: params of a function
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 5, 3>& w, tensor<float, 3>& x, float lr) {
  auto r = diff([](auto w, auto x) { return sum(square(w * x)); })(w, x);
#ifdef KNIT_WRONG
  update(params(r), [&](auto w) { return w - grad(r, w) * lr; });
#else
  tensor dw = grad(r, w);
  w = w - lr * dw;
#endif
}
