// SPDX-License-Identifier: BSL-1.0
#include "run.hpp"

double run_adadelta(options const& o, mnist_data const& mnist) { return run(o, mnist, adadelta_rule{}); }
