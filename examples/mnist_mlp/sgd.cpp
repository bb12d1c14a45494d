// SPDX-License-Identifier: BSL-1.0
#include "run.hpp"

double run_sgd(options const& o, mnist_data const& mnist) { return run(o, mnist, fast); }

template double test<simd_backend>(plain_mlp const&, mnist_data const&);
