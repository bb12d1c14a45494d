// SPDX-License-Identifier: BSL-1.0
#include "run.hpp"

double run_momentum(options const& o, mnist_data const& mnist) { return run(o, mnist, momentum_rule{}); }
