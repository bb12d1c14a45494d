// SPDX-License-Identifier: BSL-1.0
#include "run.hpp"

double run_sgd_with_l1(options const& o, mnist_data const& mnist) { return run(o, mnist, l1_penalty(fast, o.l1)); }
