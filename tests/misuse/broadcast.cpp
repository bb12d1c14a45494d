// expect: [+]: shapes \(256x100\) and \(100\) do not broadcast
// page: operators: Arrays whose shapes do not broadcast
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 256, 100>& x, tensor<float, 100>& b, float& loss) {
#ifdef KNIT_WRONG
  loss = sum(square(x + b));
#else
  loss = sum(square(x + transpose(b)));
#endif
}
