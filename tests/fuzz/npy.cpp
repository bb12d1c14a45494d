// SPDX-License-Identifier: BSL-1.0
// npy.cpp -- in: any bytes, as .npy and as .npz. out: arrays of as many values as their extents say, or a data_error.

#include <knit/io/npy.hpp>

#include <cstdlib>

namespace {

template <class F> void expect_sound(F read) {
  try {
    auto const a = read();
    std::size_t count = 1;
    for (int e : a.extent) count *= std::size_t(e);
    if (count != a.values.size()) std::abort();
  } catch (knit::data_error const&) {}
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  expect_sound([&] { return knit::read_npy<float>({data, size}, "bytes"); });
  expect_sound([&] { return knit::read_npy<std::uint8_t>({data, size}, "bytes"); });
  expect_sound([&] {
    const knit::npz_file z(std::vector<std::uint8_t>(data, data + size), "bytes");
    const auto names = z.names();
    for (auto const& n : names) expect_sound([&] { return z.read<std::int32_t>(n); });
    return z.read<double>(names.empty() ? "x" : names[0]);
  });
  return 0;
}
