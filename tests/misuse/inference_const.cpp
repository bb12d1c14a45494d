// expect: an inference computes in memory of its own, so a call changes it, and this one is const
// page: models and programs: An inference that is const
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

using net = decltype(make_dense<256, 3>());

struct classifier {
  net model = make_dense<256, 3>();
#ifdef KNIT_WRONG
  inference<default_backend, net, view<float, 256>> scores{model};
#else
  mutable inference<default_backend, net, view<float, 256>> scores{model};
#endif
  void operator()(float const* frame, float* to) const { scores(view<float, 256>(frame), to); }
};

void use(classifier const& c, float const* frame, float* to) { c(frame, to); }
