// SPDX-License-Identifier: BSL-1.0
// device.hpp -- what device.cu tells device.cpp.
#pragma once
#include <string>

bool gpu_available();
std::string said_by_a_step();
std::string said_of_too_much_memory();
