// expect: nll\(scores, labels\): scores \(1x100\) are of one class, so the loss is always 0
// page: operators: nll of measured values
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 1, 100>& prediction, tensor<float, 100>& y, float& loss) {
#ifdef KNIT_WRONG
  loss = nll(prediction, y);
#else
  loss = mse(prediction, transpose(y));
#endif
}
