// expect: a tensor of float .3. is made of a vector, array or span of float; this one is of double
// page: operators: A tensor of a list of numbers of another type
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>
#include <vector>

using namespace knit;

#ifdef KNIT_WRONG
using numbers = std::vector<double>;
#else
using numbers = std::vector<float>;
#endif

float use(numbers const& x) { return sum(square(tensor<float, 3>(x))); }
