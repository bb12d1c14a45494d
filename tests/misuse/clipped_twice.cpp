// expect: a rule has one total over all gradients; clip by the global norm once
// page: training: clip_all around clip_all
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

auto use() {
#ifdef KNIT_WRONG
  return clip_all(clip_all(sgd_rule{}, 5), 1);
#else
  return clip_each(clip_all(sgd_rule{}, 5), 1);
#endif
}
