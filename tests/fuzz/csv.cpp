// SPDX-License-Identifier: BSL-1.0
// csv.cpp -- in: any bytes. out: a full table, or a data_error.

#include <knit/io/csv.hpp>

#include <cstdlib>

namespace {

template <class T> void expect_sound(std::span<std::uint8_t const> bytes, knit::csv_options options) {
  try {
    auto const t = knit::read_csv<T>(bytes, "bytes", options);
    if (t.values.size() != std::size_t(t.rows()) * std::size_t(t.columns())) std::abort();
    if (t.names.size() != (options.header ? std::size_t(t.columns()) : 0)) std::abort();
    if (t.column(0).values.size() + t.without(0).values.size() != t.values.size()) std::abort();
    (void)t.template column<std::uint8_t>(t.columns() - 1);
  } catch (knit::data_error const&) {}
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  expect_sound<float>({data, size}, {});
  expect_sound<std::int32_t>({data, size}, {.separator = ';', .header = false});
  expect_sound<double>({data, size}, {.nan_and_inf = true});
  return 0;
}
