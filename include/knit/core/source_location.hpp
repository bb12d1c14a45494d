// SPDX-License-Identifier: BSL-1.0
// source_location.hpp -- the line and column of a call, also where the library does not tell a compiler (clang 14).
#pragma once
#include <cstdint>
#include <source_location>

namespace knit::detail {

#ifdef __cpp_lib_source_location
using std::source_location;
#else
/// What is used of std::source_location.
class source_location {
  std::uint_least32_t at_line, at_column;
  constexpr source_location(unsigned line, unsigned column) : at_line(line), at_column(column) {}

 public:
  static constexpr source_location current(unsigned line = __builtin_LINE(), unsigned column = __builtin_COLUMN()) {
    return {line, column};
  }
  constexpr std::uint_least32_t line() const { return at_line; }
  constexpr std::uint_least32_t column() const { return at_column; }
};
#endif

}  // namespace knit::detail
