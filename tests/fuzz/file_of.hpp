// SPDX-License-Identifier: BSL-1.0
// file_of.hpp -- in: bytes. out: the path of a file that holds them, the same one each time.
#pragma once
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

inline std::filesystem::path const& file_of(std::uint8_t const* data, std::size_t size) {
  static struct temporary {
    /// In memory where the system has files there, for a checkpoint is flushed.
    std::filesystem::path path =
        (std::filesystem::is_directory("/dev/shm") ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path()) /
        ("knit_fuzz_" + std::to_string(::getpid()));
    ~temporary() { std::filesystem::remove(path); }
  } const file;
  std::ofstream(file.path, std::ios::binary).write(reinterpret_cast<char const*>(data), std::streamsize(size));
  return file.path;
}
