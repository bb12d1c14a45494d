// SPDX-License-Identifier: BSL-1.0
#include "run.hpp"

double run_nesterov(options const& o, mnist_data const& mnist) { return run(o, mnist, nesterov_rule{}); }
