// SPDX-License-Identifier: BSL-1.0
#include "run.hpp"

double run_adamw(options const& o, mnist_data const& mnist) { return run(o, mnist, adamw_rule{}); }
