// expect: a function of arrays or a model is called with a list of numbers of the standard library; say what its shape is
// page: models and programs: A model called with a std::vector
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>
#include <vector>

using namespace knit;

tensor<float, 3> use(std::vector<float> const& frame) {
  auto model = make_chain(make_dense<256, 16>(relu), make_dense<16, 3>());
#ifdef KNIT_WRONG
  tensor y = model(frame);
#else
  tensor y = model(view<float, 256>(frame));
#endif
  return y;
}
