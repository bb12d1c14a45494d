// SPDX-License-Identifier: BSL-1.0
// idx.hpp -- in: the path of an IDX file, plain or gzip. out: its extents and bytes, or a sentence that says why not.
#pragma once
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace knit {

/// A data file that is not what it should be. what() is one sentence: the file and the reason.
struct data_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// An array of bytes: extents outermost first, as in the file, and the elements with the last index fastest.
/// bytes.size() is the product of the extents; there is at least one extent.
struct idx_file {
  std::vector<int> extent;
  std::vector<std::uint8_t> bytes;
};

namespace detail {

[[noreturn]] inline void refuse(std::filesystem::path const& file, std::string const& reason) {
  throw data_error("knit: " + file.string() + " " + reason);
}

/// "60000 x 28 x 28"
inline std::string times(std::vector<int> const& extent) {
  std::string s;
  for (int e : extent) s += (s.empty() ? "" : " x ") + std::to_string(e);
  return s;
}

/// "0x0d"
inline std::string hex(unsigned byte) {
  constexpr char const* digits = "0123456789abcdef";
  return {'0', 'x', digits[byte >> 4 & 15], digits[byte & 15]};
}

/// The bytes of a file, unpacked if it is gzip.
class unpacked {
public:
  explicit unpacked(std::filesystem::path const& path) : path_(path) {
    std::error_code ignored;
    auto const found = std::filesystem::status(path, ignored).type();
    if (found == std::filesystem::file_type::not_found) refuse(path, "is missing");
    if (found == std::filesystem::file_type::directory) refuse(path, "cannot be read: it is a folder");
    errno = 0;
    file_.reset(gzopen(path.string().c_str(), "rb"));
    if (!file_) refuse(path, std::string("cannot be opened: ") + std::strerror(errno ? errno : ENOMEM));
    gzbuffer(file_.get(), 1u << 17);
  }

  /// Fills `to` and returns its size, or less where the file ends. Refuses what is broken up to there: zlib
  /// compares the checksum as it meets the end, so only who reads to the end has a sound file.
  std::size_t read(std::span<std::uint8_t> to) {
    std::size_t done = 0;
    while (done < to.size()) {
      auto const most = unsigned(std::min<std::size_t>(to.size() - done, 1u << 30));
      errno = 0;
      int const got = gzread(file_.get(), to.data() + done, most);
      int const reason = errno;
      if (got > 0) {
        done += std::size_t(got);
        continue;
      }
      int code = Z_OK;
      char const* said = gzerror(file_.get(), &code);
      if (code == Z_BUF_ERROR) refuse(path_, "is truncated: its gzip stream has no end");
      if (code == Z_ERRNO) refuse(path_, std::string("cannot be read: ") + std::strerror(reason));
      // zlib begins what it says with the file's name, which the sentence has already.
      if (code != Z_OK) {
        const std::string text = said, name = path_.string() + ": ";
        refuse(path_, "is corrupt: " + (text.starts_with(name) ? text.substr(name.size()) : text));
      }
      break;
    }
    return done;
  }

private:
  struct closer {
    void operator()(gzFile_s* f) const { gzclose(f); }
  };
  std::filesystem::path path_;
  std::unique_ptr<gzFile_s, closer> file_;
};

/// What IDX calls each element type, or nullptr.
inline char const* idx_type(unsigned code) {
  switch (code) {
    case 0x08:
      return "unsigned byte";
    case 0x09:
      return "signed byte";
    case 0x0b:
      return "short";
    case 0x0c:
      return "int";
    case 0x0d:
      return "float";
    case 0x0e:
      return "double";
    default:
      return nullptr;
  }
}

inline std::vector<int> read_idx_extents(unpacked& in, std::filesystem::path const& path) {
  std::uint8_t b[4];
  auto const next = [&] {
    if (in.read(b) < sizeof b) refuse(path, "is truncated: it ends within its IDX header");
  };
  next();
  unsigned const type = b[2], rank = b[3];
  if (b[0] != 0 || b[1] != 0 || !idx_type(type))
    refuse(path, "is no IDX file: it begins with the bytes " + hex(b[0]) + " " + hex(b[1]) + " " + hex(type) +
                     " " + hex(rank));
  if (type != 0x08)
    refuse(path, std::string("has elements of type ") + idx_type(type) + " (" + hex(type) +
                     "), of which only unsigned byte (0x08) is supported");
  if (rank == 0) refuse(path, "has no dimension");
  std::vector<int> extent;
  for (unsigned k = 0; k < rank; ++k) {
    next();
    const std::uint32_t e =
        std::uint32_t{b[0]} << 24 | std::uint32_t{b[1]} << 16 | std::uint32_t{b[2]} << 8 | b[3];
    if (e > std::uint32_t(std::numeric_limits<int>::max()))
      refuse(path, "has an absurd extent, " + std::to_string(e) + ", as number " + std::to_string(k));
    extent.push_back(int(e));
  }
  return extent;
}

}  // namespace detail

/// Reads a whole IDX file (LeCun's format: 0, 0, type, rank, then each extent as four bytes, highest first, then
/// the elements), plain or packed by gzip, told apart by content. Elements must be unsigned bytes (type 0x08).
/// Throws data_error if the file is missing, unreadable, truncated, corrupt (gzip's checksum included), no IDX
/// file, of another type, or holds more or fewer bytes than its header promises; never returns half a file. Memory
/// grows with what has been read, not with what a header promises. Source: yann.lecun.com/exdb/mnist.
inline idx_file read_idx(std::filesystem::path const& path) {
  detail::unpacked in(path);
  idx_file out{detail::read_idx_extents(in, path), {}};

  std::size_t count = 1;
  if (std::ranges::find(out.extent, 0) != out.extent.end()) count = 0;
  for (int e : out.extent) {
    if (count > std::size_t(std::numeric_limits<std::ptrdiff_t>::max()) / std::size_t(std::max(e, 1)))
      detail::refuse(path, "has absurd extents, " + detail::times(out.extent));
    count *= std::size_t(e);
  }

  auto& bytes = out.bytes;
  while (bytes.size() < count) {
    const std::size_t had = bytes.size();
    const std::size_t room = std::min(count, std::max<std::size_t>(2 * had, 1u << 16));
    bytes.reserve(room);  // before resize, which might take more
    bytes.resize(room);
    const std::size_t got = in.read(std::span(bytes).subspan(had));
    if (had + got < room)
      detail::refuse(path, "is truncated: it holds " + std::to_string(had + got) + " of the " +
                               std::to_string(count) + " bytes that its header promises (" +
                               detail::times(out.extent) + ")");
  }
  std::uint8_t more[1];
  if (in.read(more) != 0)
    detail::refuse(path, "holds more than the " + std::to_string(count) +
                             " bytes that its header promises (" + detail::times(out.extent) + ")");
  return out;
}

}  // namespace knit
