// SPDX-License-Identifier: BSL-1.0
// mapped.hpp -- in: the path of a file. out: its bytes in the address space, read from the disk when they are touched.
#pragma once
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <knit/io/descriptor.hpp>
#include <knit/io/file.hpp>

namespace knit {

/// A file that is mapped for reading. The system fetches pages as they are touched, and drops them when memory is
/// short, so it may be larger than memory. Nobody may make the file shorter meanwhile: the system ends a program that
/// touches what is gone.
class mapped_file {
 public:
  /// Throws data_error if there is no such file, or none that can be mapped.
  explicit mapped_file(std::string const& path) {
    detail::expect_file(path);
    const detail::descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file < 0) detail::refuse_errno(path, "opened");
    struct stat about {};
    if (::fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) detail::refuse(path, "cannot be mapped: it is no regular file");
    if (about.st_size == 0) return;  // no bytes cannot be mapped, and need not be
    void* const at = ::mmap(nullptr, std::size_t(about.st_size), PROT_READ, MAP_SHARED, file, 0);
    if (at == MAP_FAILED) detail::refuse_errno(path, "mapped");
    bytes_ = {static_cast<std::uint8_t const*>(at), std::size_t(about.st_size)};
  }
  mapped_file(mapped_file const&) = delete;
  mapped_file& operator=(mapped_file const&) = delete;
  ~mapped_file() {
    if (!bytes_.empty()) ::munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size());
  }

  std::span<std::uint8_t const> bytes() const { return bytes_; }

 private:
  std::span<std::uint8_t const> bytes_;
};

/// Elements of a mapped file. Copies share the file.
template <class T> class mapped : public std::span<T const> {
 public:
  mapped() = default;
  mapped(std::shared_ptr<mapped_file const> file, std::span<T const> values) : std::span<T const>(values), file_(std::move(file)) {}

 private:
  std::shared_ptr<mapped_file const> file_;
};

/// An array of a file whose elements stay on the disk until they are touched.
template <class T> using mapped_array = file_array<T, mapped<T>>;

namespace detail {

/// Tells the system whether bytes of a mapped file are read in any order: then it fetches what is touched and nothing around
/// it, which of a file larger than memory it would only have to drop again. Else it reads ahead.
inline void advise(std::span<std::uint8_t const> bytes, bool any_order) {
  const auto page = std::uintptr_t(::sysconf(_SC_PAGE_SIZE)), first = reinterpret_cast<std::uintptr_t>(bytes.data()) / page * page;
  const std::size_t size = std::size_t(reinterpret_cast<std::uintptr_t>(bytes.data()) - first) + bytes.size();
  if (!bytes.empty())
    ::madvise(reinterpret_cast<void*>(first), size, any_order ? MADV_RANDOM : MADV_NORMAL);  // no more than advice
}
template <class Values> inline constexpr bool is_mapped = false;
template <class T> inline constexpr bool is_mapped<mapped<T>> = true;

/// Maps a file of a header, which `read_extents(in)` reads, and of values behind it.
template <class T, class F> mapped_array<T> map_array(std::string const& path, F&& read_extents) {
  auto file = std::make_shared<mapped_file const>(path);
  auto const bytes = file->bytes();
  if (bytes.size() > 1 && bytes[0] == 0x1f && bytes[1] == 0x8b)
    refuse(path, "cannot be mapped: it is packed by gzip; unpack it, or read it instead");
  unpacked in(bytes, path, packing::none);
  std::vector<int> extent = read_extents(in);
  const std::size_t promised = promised_bytes(path, extent, sizeof(T)), has = bytes.size() - in.position();
  if (has != promised) refuse_size(path, has, promised, extent);
  if (in.position() % alignof(T) != 0)
    refuse(path, "cannot be mapped: its values begin at byte " + std::to_string(in.position()) + ", no multiple of " +
                     std::to_string(alignof(T)) + "; read it instead");
  const std::span<T const> values(reinterpret_cast<T const*>(bytes.data() + in.position()), promised / sizeof(T));
  return {path, std::move(extent), {std::move(file), values}};
}

}  // namespace detail
}  // namespace knit
