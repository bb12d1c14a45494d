// SPDX-License-Identifier: BSL-1.0
// safetensors.cpp -- in: any bytes. out: they are refused, or read, and what was read is written and read again the same.

#include <knit/io/safetensors.hpp>

#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  using namespace knit;
  std::istringstream in(std::string(reinterpret_cast<char const*>(bytes), size));
  try {
    auto const file = detail::read_safetensors(in, "input");
    auto const parts = detail::parts_of(file);
    std::string again = parts.header;
    for (auto a : parts.arrays) again.append(reinterpret_cast<char const*>(a.data()), a.size());
    std::istringstream in_again(again);
    if (detail::read_safetensors(in_again, "output") != file) std::abort();
  } catch (data_error const&) {}
  return 0;
}
