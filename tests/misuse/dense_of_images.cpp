// expect: a \* b multiplies matrices and vectors, and got \(10x2880\) \* \(12x12x20x100\); make columns of the results of a convolution by mat
// page: layers: A dense layer behind a convolution
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 28, 28, 1, 100>& x) {
#ifdef KNIT_WRONG
  auto model = make_chain(make_conv<5, 5, 1, 20>(relu), pool<2>, make_dense<2880, 10>());
#else
  auto model = make_chain(make_conv<5, 5, 1, 20>(relu), pool<2>, mat, make_dense<2880, 10>());
#endif
  tensor y = model(x);
  (void)y;
}
