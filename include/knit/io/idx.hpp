// SPDX-License-Identifier: BSL-1.0
// idx.hpp -- in: an IDX file, plain or gzip. out: its extents and bytes, or a sentence that says why not.
#pragma once
#include <knit/io/mapped.hpp>

namespace knit {

/// An array of bytes; there is at least one extent.
using idx_file = file_array<std::uint8_t>;

namespace detail {

/// What IDX calls each element type, or nullptr.
inline char const* idx_type(unsigned code) {
  switch (code) {
    case 0x08: return "unsigned byte";
    case 0x09: return "signed byte";
    case 0x0b: return "short";
    case 0x0c: return "int";
    case 0x0d: return "float";
    case 0x0e: return "double";
    default: return nullptr;
  }
}

inline std::vector<int> read_idx_extents(unpacked& in) {
  auto const& path = in.path();
  std::uint8_t b[4];
  auto const next = [&] {
    if (in.read(b) < sizeof b) refuse(path, "is truncated: it ends within its IDX header");
  };
  next();
  unsigned const type = b[2], rank = b[3];
  if (b[0] != 0 || b[1] != 0 || !idx_type(type))
    refuse(path, "is no IDX file: it begins with the bytes " + hex(b[0]) + " " + hex(b[1]) + " " + hex(type) + " " + hex(rank));
  if (type != 0x08)
    refuse(path, std::string("has elements of type ") + idx_type(type) + " (" + hex(type) +
                     "), of which only unsigned byte (0x08) is supported");
  if (rank == 0) refuse(path, "has no dimension");
  std::vector<int> extent;
  for (unsigned k = 0; k < rank; ++k) {
    next();
    const std::uint32_t e = std::uint32_t{b[0]} << 24 | std::uint32_t{b[1]} << 16 | std::uint32_t{b[2]} << 8 | b[3];
    if (e > std::uint32_t(std::numeric_limits<int>::max()))
      refuse(path, "has an absurd extent, " + std::to_string(e) + ", as number " + std::to_string(k));
    extent.push_back(int(e));
  }
  return extent;
}
inline idx_file read_idx(unpacked& in) {
  auto extent = read_idx_extents(in);
  auto values = read_values<std::uint8_t>(in, extent);
  return {in.path(), std::move(extent), std::move(values)};
}

}  // namespace detail

/// Reads a whole IDX file (LeCun's format: 0, 0, type, rank, then each extent as four bytes, highest first, then
/// the elements), plain or packed by gzip, told apart by content. Elements must be unsigned bytes (type 0x08).
/// Throws data_error if the file is missing, unreadable, truncated, corrupt (gzip's checksum included), no IDX
/// file, of another type, or holds more or fewer bytes than its header promises; never returns half a file. Memory
/// grows with what has been read, not with what a header promises. Source: yann.lecun.com/exdb/mnist.
inline idx_file read_idx(std::string const& path) {
  detail::unpacked in(path);
  return detail::read_idx(in);
}
/// The same of bytes in memory; `name` is for messages.
inline idx_file read_idx(std::span<std::uint8_t const> bytes, std::string const& name) {
  detail::unpacked in(bytes, name, detail::packing::by_content);
  return detail::read_idx(in);
}
/// The same of a plain file, whose bytes stay where they are until they are touched: it may be larger than memory.
inline mapped_array<std::uint8_t> map_idx(std::string const& path) {
  return detail::map_array<std::uint8_t>(path, detail::read_idx_extents);
}

}  // namespace knit
