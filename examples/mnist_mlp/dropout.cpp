// SPDX-License-Identifier: BSL-1.0
#include "run.hpp"

double run_sgd_with_dropout(options const& o, mnist_data const& mnist) {
  return run<simd_backend>(o, mnist, make_mlp(o, dropout{0.2_c}), l1_penalty(fast, o.l1));
}
