// expect: the elements of an array in an expression are float, double, std::uint8_t, knit::unorm8 or std::int32_t, and these are of std::int64_t; convert them
// page: operators: Elements of long
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

#ifdef KNIT_WRONG
using counts = tensor<long, 3>;
#else
using counts = tensor<std::int32_t, 3>;
#endif

float use(counts& x) { return sum(x); }
