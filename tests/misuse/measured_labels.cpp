// expect: a metric counts instances by their class, and the y of these batches are measured values
// page: training: The accuracy of a model of measured values
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

struct batch {
  tensor<float, 3, 10> x;
#ifdef KNIT_WRONG
  tensor<float, 10> y;
#else
  tensor<std::uint8_t, 10> y;
#endif
};

double use(std::vector<batch> const& batches) { return accuracy(make_dense<3, 2>(), batches); }
