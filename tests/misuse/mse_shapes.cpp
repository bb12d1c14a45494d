// expect: mse\(a, b\): each of \(1x100\) and \(100\) would be repeated for the other; make the shapes equal
// page: operators: mse of a row and a column
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 1, 100>& prediction, tensor<float, 100>& y, float& loss) {
#ifdef KNIT_WRONG
  loss = mse(prediction, y);
#else
  loss = mse(prediction, transpose(y));
#endif
}
