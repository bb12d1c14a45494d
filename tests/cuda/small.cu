// SPDX-License-Identifier: BSL-1.0
// small.cu -- in: programs without large products. out: their kernels.
#include "functions.hpp"
#include "gate.cuh"

KNIT_GATE(chain)
KNIT_GATE(log_sums)
KNIT_GATE(scores)
KNIT_GATE(classes)
KNIT_GATE(recurrences)
