// expect: a view of float .256. is made of an address, or of a vector or array that has a name, or a span, of float; this one is of double
// page: operators: A view of numbers of another type
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>
#include <vector>

using namespace knit;

#ifdef KNIT_WRONG
using frame = std::vector<double>;
#else
using frame = std::vector<float>;
#endif

float use(frame const& x) { return sum(square(view<float, 256>(x))); }
