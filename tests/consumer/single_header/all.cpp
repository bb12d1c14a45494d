// SPDX-License-Identifier: BSL-1.0
// Another unit of the program, that takes what knit.hpp is without.
#include <knit/all.hpp>

/// Elements of a table of one column.
long rows_of(char const* path) { return long(knit::read_csv<float>(path).column(0).values.size()); }
