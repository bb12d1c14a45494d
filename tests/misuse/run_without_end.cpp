// expect: run\(\) of a range without end would not return; put take\(n\) or converge before it
// page: training: run() of a range without end
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

#include <vector>

using namespace knit;

long use(std::vector<float> const& losses) {
#ifdef KNIT_WRONG
  return losses | cycle | run();
#else
  return losses | cycle | take(3) | run();
#endif
}
