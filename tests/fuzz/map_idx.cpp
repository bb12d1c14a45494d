// SPDX-License-Identifier: BSL-1.0
// map_idx.cpp -- in: any bytes, as a file. out: they are refused, or mapped as what they are read as.

#include <knit/io/idx.hpp>

#include <algorithm>
#include <cstdlib>

#include "file_of.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  try {
    auto const mapped = knit::map_idx(file_of(data, size));
    auto const read = knit::read_idx({data, size}, "bytes");
    if (mapped.extent != read.extent || !std::ranges::equal(mapped.values, read.values)) std::abort();
  } catch (knit::data_error const&) {}
  return 0;
}
