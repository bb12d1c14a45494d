// SPDX-License-Identifier: BSL-1.0
// small.cu -- in: programs without large products. out: their kernels.
#include "gate.cuh"
#include "functions.hpp"

KNIT_GATE(chain)
KNIT_GATE(log_sums)
KNIT_GATE(scores)
KNIT_GATE(classes)
KNIT_GATE(recurrences)
