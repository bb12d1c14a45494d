// SPDX-License-Identifier: BSL-1.0
// idx.cpp -- in: any bytes. out: an array of as many values as its extents say, or a data_error.

#include <knit/io/idx.hpp>

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  try {
    auto const a = knit::read_idx({data, size}, "bytes");
    std::size_t count = 1;
    for (int e : a.extent) count *= std::size_t(e);
    if (a.extent.empty() || count != a.values.size()) std::abort();
  } catch (knit::data_error const&) {}
  return 0;
}
