// expect: a metric takes a model, a struct that names its fields
// page: models and programs: The accuracy of a function
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

double use(instances<784> const& data) {
#ifdef KNIT_WRONG
  auto model = [w = init<10, 784>(gaussian{1})](auto const& x) { return w * x; };
#else
  auto model = make_dense<784, 10>(identity, gaussian{1});
#endif
  return accuracy(model, data);
}
