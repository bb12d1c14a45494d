// expect: a scan along axis 1 of an array of shape .9x4.: the factors, of shape .4., have another; make each extent of theirs equal or 1
// page: operators: Factors of a recurrence that do not fit
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use(tensor<float, 4>& a, tensor<float, 9, 4>& x) {
#ifdef KNIT_WRONG
  tensor y = recurrence<1>(a, x);
#else
  tensor y = recurrence<1>(transpose(a), x);
#endif
  (void)y;
}
