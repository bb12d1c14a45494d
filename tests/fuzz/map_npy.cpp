// SPDX-License-Identifier: BSL-1.0
// map_npy.cpp -- in: any bytes, as a file. out: they are refused, or mapped as what they are read as, to the bit.

#include <knit/io/npy.hpp>

#include <cstdlib>
#include <cstring>

#include "file_of.hpp"

namespace {

template <class T> void expect_same(std::filesystem::path const& file, std::span<std::uint8_t const> bytes) {
  try {
    auto const mapped = knit::map_npy<T>(file);
    auto const read = knit::read_npy<T>(bytes, "bytes");
    if (mapped.extent != read.extent || mapped.values.size() != read.values.size()) std::abort();
    if (!read.values.empty() && std::memcmp(mapped.values.data(), read.values.data(), read.values.size() * sizeof(T)) != 0)
      std::abort();
  } catch (knit::data_error const&) {}
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const& file = file_of(data, size);
  expect_same<float>(file, {data, size});
  expect_same<double>(file, {data, size});
  expect_same<std::uint8_t>(file, {data, size});
  expect_same<std::int32_t>(file, {data, size});
  return 0;
}
