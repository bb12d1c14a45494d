// expect: nll\(scores, labels\): labels of float or double, and a label is the number of a class
// page: operators: Labels of float
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

#ifdef KNIT_WRONG
using labels = tensor<float, 100>;
#else
using labels = tensor<std::int32_t, 100>;
#endif

void use(tensor<float, 10, 100>& z, labels& y, float& loss) { loss = nll(z, y); }
