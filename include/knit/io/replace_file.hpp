// SPDX-License-Identifier: BSL-1.0
// replace_file.hpp -- in: a path, bytes. out: the file holds all of them, or, whatever happens, what it held before.
#pragma once
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <knit/io/descriptor.hpp>
#include <knit/io/file.hpp>  // data_error
#include <random>
#include <span>
#include <string>
#include <vector>

namespace knit {

namespace detail {

/// A new file beside another, which it takes the place of, or it goes.
class partial_file {
 public:
  explicit partial_file(std::string const& of)
      : of_(of),
        here_(of + '.' + std::to_string(std::random_device{}()) + ".partial"),
        file_(::open(here_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)) {
    if (file_ < 0) refuse_errno(of_, "written");
  }
  partial_file(partial_file const&) = delete;
  partial_file& operator=(partial_file const&) = delete;
  ~partial_file() {
    if (!placed_) ::unlink(here_.c_str());
  }

  void write(std::span<std::byte const> bytes) {
    while (!bytes.empty()) {
      const ssize_t done = ::write(file_, bytes.data(), std::min<std::size_t>(bytes.size(), 1u << 30));
      if (done >= 0) bytes = bytes.subspan(std::size_t(done));
      else if (errno != EINTR) refuse_errno(of_, "written");
    }
  }
  void take_place() {
    if (::fsync(file_) != 0 || !file_.close() || ::rename(here_.c_str(), of_.c_str()) != 0) refuse_errno(of_, "written");
    placed_ = true;
    auto const folder = of_.substr(0, of_.rfind('/') + 1);
    const descriptor there(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (there < 0 || (::fsync(there) != 0 && errno != EINVAL))  // EINVAL: a file system that does not flush folders
      refuse_errno(of_, "made to outlast a loss of power");
  }

 private:
  std::string of_, here_;
  descriptor file_;
  bool placed_ = false;
};

}  // namespace detail

/// Makes a file hold `parts`, one behind the other. They are written to a new file in the same folder and flushed to
/// the disk; then that takes the name, and the folder is flushed. So whoever opens `path`, also after a crash, finds
/// the old file or the whole new one; a process that is killed meanwhile leaves a file `path`.NUMBER.partial, which may
/// be deleted. The new file has the rights of a new one, and takes the place of a symbolic link itself. Throws data_error
/// where it cannot be written; the old file is then as it was, unless it was the folder that could not be flushed.
inline void replace_file(std::string const& path, std::vector<std::span<std::byte const>> const& parts) {
  detail::partial_file next(path);
  for (auto part : parts) next.write(part);
  next.take_place();
}

}  // namespace knit
