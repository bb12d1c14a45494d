// expect: layer 0 of the chain gives 16 numbers and layer 1 takes 8
// page: layers: Layers of a chain that do not meet
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 2>& x, tensor<float, 1>& y) {
#ifdef KNIT_WRONG
  auto model = make_chain(make_dense<2, 16>(tanh_), make_dense<8, 1>());
#else
  auto model = make_chain(make_dense<2, 16>(tanh_), make_dense<16, 1>());
#endif
  y = model(x);
}
