// expect: a metric is of a set of instances or of a range of batches, and this is neither; of a set of data that has parts name one
// page: training: accuracy(model, mnist)
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

double use() {
  auto mnist = read_mnist("mnist");
  auto model = make_dense<784, 10>();
#ifdef KNIT_WRONG
  return accuracy(model, mnist);
#else
  return accuracy(model, mnist.test);
#endif
}
