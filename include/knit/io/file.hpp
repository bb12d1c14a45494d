// SPDX-License-Identifier: BSL-1.0
// file.hpp -- in: the path of a file, or bytes. out: the bytes unpacked, in arrays, or a sentence that says why not.
#pragma once
#include <sys/stat.h>
#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace knit {

/// A data file that is not what it should be. what() is one sentence: the file and the reason.
struct data_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What values of files are read as.
template <class T> concept number_of_file =
    std::same_as<T, float> || std::same_as<T, double> || std::same_as<T, std::uint8_t> || std::same_as<T, std::int32_t>;

/// An array as a file has it: extents outermost first, and the values with the last index fastest, in a vector or in a
/// mapped file (io/mapped.hpp). values.size() is the product of the extents.
template <class T, class Values = std::vector<T>> struct file_array {
  using value_type = T;
  std::string path;  ///< whence it is, for messages
  std::vector<int> extent;
  Values values;
};

namespace detail {

[[noreturn]] inline void refuse(std::string const& file, std::string const& reason) {
  throw data_error("knit: " + file + " " + reason);
}

/// What the system has refused: "cannot be opened: Permission denied".
[[noreturn]] inline void refuse_errno(std::string const& file, char const* what) {
  refuse(file, std::string("cannot be ") + what + ": " + std::strerror(errno ? errno : ENOMEM));
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

/// Text of a file as a message may have it: short, on one line.
inline std::string printable(std::string text) {
  constexpr std::size_t most = 40;
  for (char& c : text)
    if (c < ' ' || c > '~') c = '?';
  return text.size() > most ? text.substr(0, most) + "..." : text;
}
inline std::string in_quotes(std::string const& text) { return "'" + printable(text) + "'"; }

// Of <filesystem> knit would need no more than these, and it costs each unit a tenth of a second and more.
enum class found_as { nothing, folder, file };
/// What is found under a path; a file also where the system does not say.
inline found_as found(std::string const& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) return errno == ENOENT || errno == ENOTDIR ? found_as::nothing : found_as::file;
  return S_ISDIR(about.st_mode) ? found_as::folder : found_as::file;
}
inline void expect_file(std::string const& path) {
  auto const as = found(path);
  if (as == found_as::nothing) refuse(path, "is missing");
  if (as == found_as::folder) refuse(path, "cannot be read: it is a folder");
}

enum class packing {
  by_content,  ///< gzip if it begins so, else none
  none,
  deflate,  ///< a bare stream, as in a zip file
};

/// The bytes of a file, which it reads in pieces, or of memory, unpacked.
class unpacked {
 public:
  explicit unpacked(std::string const& path) : path_(path), buffer_(1u << 17) {
    expect_file(path);
    errno = 0;
    file_.reset(std::fopen(path.c_str(), "rb"));
    if (!file_) refuse_errno(path, "opened");
    begin(packing::by_content);
  }
  /// The bytes must outlive it; `name` is for messages.
  unpacked(std::span<std::uint8_t const> bytes, std::string const& name, packing how) : path_(name), packed_(bytes) { begin(how); }
  unpacked(unpacked const&) = delete;
  unpacked& operator=(unpacked const&) = delete;
  ~unpacked() {
    if (inflates_) inflateEnd(&z_);
  }

  std::string const& path() const { return path_; }
  /// Bytes read so far.
  std::size_t position() const { return position_; }

  /// Fills `to` and returns its size, or less where the bytes end. Refuses what is broken up to there: a checksum is
  /// met at the end, so only who reads to the end has a sound file.
  std::size_t read(std::span<std::uint8_t> to) {
    std::size_t done = 0;
    while (done < to.size()) {
      const std::size_t got = inflates_ ? inflate_to(to.subspan(done)) : copy_to(to.subspan(done));
      if (got == 0) break;
      done += got;
    }
    position_ += done;
    return done;
  }

 private:
  struct closer {
    void operator()(std::FILE* f) const { std::fclose(f); }
  };

  void begin(packing how) {
    gzip_ = how == packing::by_content && begins_gzip();
    inflates_ = gzip_ || how == packing::deflate;
    if (inflates_ && inflateInit2(&z_, gzip_ ? 16 + MAX_WBITS : -MAX_WBITS) != Z_OK) {
      inflates_ = false;
      throw std::bad_alloc();
    }
  }
  bool begins_gzip() { return have(2) && packed_[0] == 0x1f && packed_[1] == 0x8b; }

  /// Whether n bytes are left; then they are in packed_.
  bool have(std::size_t n) {
    while (packed_.size() < n && file_) {
      std::copy(packed_.begin(), packed_.end(), buffer_.begin());
      errno = 0;
      const std::size_t got = std::fread(buffer_.data() + packed_.size(), 1, buffer_.size() - packed_.size(), file_.get());
      if (std::ferror(file_.get())) refuse_errno(path_, "read");
      packed_ = std::span(buffer_).first(packed_.size() + got);
      if (got == 0) file_.reset();
    }
    return packed_.size() >= n;
  }
  std::size_t copy_to(std::span<std::uint8_t> to) {
    have(1);
    const std::size_t n = std::min(to.size(), packed_.size());
    std::copy_n(packed_.begin(), n, to.begin());
    packed_ = packed_.subspan(n);
    return n;
  }
  std::size_t inflate_to(std::span<std::uint8_t> to) {
    constexpr std::size_t most = 1u << 30;
    auto const room = uInt(std::min(to.size(), most));
    z_.next_out = to.data(), z_.avail_out = room;
    while (!ended_ && z_.avail_out == room) {
      have(1);
      auto const given = uInt(std::min(packed_.size(), most));
      z_.next_in = const_cast<Bytef*>(packed_.data()), z_.avail_in = given;
      int const code = inflate(&z_, Z_NO_FLUSH);
      packed_ = packed_.subspan(given - z_.avail_in);
      if (code == Z_BUF_ERROR) refuse(path_, std::string("is truncated: its ") + stream() + " has no end");
      if (code == Z_MEM_ERROR) throw std::bad_alloc();
      if (code != Z_OK && code != Z_STREAM_END)
        refuse(path_, std::string("is corrupt: ") + (z_.msg ? z_.msg : "it needs a dictionary"));
      if (code == Z_STREAM_END) end_of_member();
    }
    return room - z_.avail_out;
  }
  /// Several gzip files, one behind the other, are one.
  void end_of_member() {
    if (gzip_ && begins_gzip()) inflateReset(&z_);
    else if (have(1)) refuse(path_, std::string("holds bytes behind the end of its ") + stream());
    else ended_ = true;
  }
  char const* stream() const { return gzip_ ? "gzip stream" : "deflate stream"; }

  std::string path_;
  std::unique_ptr<std::FILE, closer> file_;
  std::vector<std::uint8_t> buffer_;
  std::span<std::uint8_t const> packed_;  // what is at hand and not used yet
  z_stream z_{};
  bool gzip_ = false, inflates_ = false, ended_ = false;
  std::size_t position_ = 0;
};

/// All bytes that are left, or the first `most` of them. Memory grows with what has been read.
inline std::vector<std::uint8_t> read_rest(unpacked& in, std::size_t most = std::numeric_limits<std::size_t>::max()) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t had = 0;; had = bytes.size()) {
    const std::size_t room = std::min(most, std::max<std::size_t>(2 * had, 1u << 16));
    bytes.resize(room);
    const std::size_t got = in.read(std::span(bytes).subspan(had));
    bytes.resize(had + got);
    if (bytes.size() < room || room == most) return bytes;
  }
}

/// "f4", as NumPy names it.
template <class T> std::string type_name() {
  return (std::is_floating_point_v<T> ? 'f' : std::is_signed_v<T> ? 'i' : 'u') + std::to_string(sizeof(T));
}
/// Whether a number of a file can be a T: in its range, and whole where T is. What a file has as a whole number is one
/// as T, too; digits behind those of a float are rounded where they come from a wider one.
template <class T, class S> bool fits(S value) {
  if constexpr (std::is_integral_v<T> && std::is_integral_v<S>) return std::in_range<T>(value);
  else if constexpr (std::is_integral_v<T>)
    return double(value) >= double(std::numeric_limits<T>::min()) && double(value) <= double(std::numeric_limits<T>::max()) &&
           value == std::trunc(value);
  else if constexpr (std::is_floating_point_v<S>)
    return !std::isfinite(value) || std::abs(double(value)) <= double(std::numeric_limits<T>::max());
  else {
    const std::uint64_t size = std::cmp_less(value, 0) ? 0 - std::uint64_t(value) : std::uint64_t(value);
    return int(std::bit_width(size)) - std::countr_zero(size) <= std::numeric_limits<T>::digits;
  }
}

/// Bytes of an array with elements of so many bytes.
inline std::size_t promised_bytes(std::string const& path, std::vector<int> const& extent, std::size_t element) {
  if (std::find(extent.begin(), extent.end(), 0) != extent.end()) return 0;
  std::size_t bytes = element;
  for (int e : extent) {
    if (bytes > std::size_t(std::numeric_limits<std::ptrdiff_t>::max()) / std::size_t(e))
      refuse(path, "has absurd extents, " + times(extent));
    bytes *= std::size_t(e);
  }
  return bytes;
}
/// A file that has so many bytes of an array, while its header promises others.
[[noreturn]] inline void refuse_size(std::string const& path, std::size_t has, std::size_t promised,
                                     std::vector<int> const& extent) {
  const std::string header = std::to_string(promised) + " bytes that its header promises (" + times(extent) + ")";
  if (has > promised) refuse(path, "holds more than the " + header);
  refuse(path, "is truncated: it holds " + std::to_string(has) + " of the " + header);
}

/// The values that a header promises, up to the end of the file. Memory grows with what has been read, not with what a
/// header promises.
template <class T> std::vector<T> read_values(unpacked& in, std::vector<int> const& extent) {
  const std::size_t bytes = promised_bytes(in.path(), extent, sizeof(T)), count = bytes / sizeof(T);
  std::vector<T> values;
  while (values.size() < count) {
    const std::size_t had = values.size();
    const std::size_t room = std::min(count, std::max<std::size_t>(2 * had, (1u << 16) / sizeof(T)));
    values.reserve(room);  // before resize, which might take more
    values.resize(room);
    const std::span<T> to = std::span(values).subspan(had);
    const std::size_t got = in.read({reinterpret_cast<std::uint8_t*>(to.data()), to.size_bytes()});
    if (got < to.size_bytes()) refuse_size(in.path(), had * sizeof(T) + got, bytes, extent);
  }
  std::uint8_t more[1];
  if (in.read(more) != 0) refuse_size(in.path(), bytes + 1, bytes, extent);
  return values;
}

}  // namespace detail
}  // namespace knit
