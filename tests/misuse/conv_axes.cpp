// expect: filters are width x height x channels x filters and images width x height x channels x instances; reshape what has other axes
// page: operators: A convolution of columns
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 5, 5, 1, 20>& w, tensor<float, 784, 100>& x) {
#ifdef KNIT_WRONG
  tensor y = conv4(w, x);
#else
  tensor y = conv4(w, unmat<28, 28, 1>(x));
#endif
  (void)y;
}
