// SPDX-License-Identifier: BSL-1.0
#include "run.hpp"

double run_sgd_by_plain_loops(options const& o, mnist_data const& mnist) {
  return run<scalar_backend<float>>(o, mnist, make_mlp(o), fast);
}
