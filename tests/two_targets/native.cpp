// SPDX-License-Identifier: BSL-1.0
// native.cpp -- the unit compiled for this computer's processor.
#include "unit.hpp"

two_targets::unit two_targets::native() { return this_unit(); }
