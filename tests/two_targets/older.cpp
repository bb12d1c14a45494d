// SPDX-License-Identifier: BSL-1.0
// older.cpp -- the unit compiled for a processor of 2013, with AVX2.
#include "unit.hpp"

two_targets::unit two_targets::older() { return this_unit(); }
