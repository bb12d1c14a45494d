// SPDX-License-Identifier: BSL-1.0
// temporary_folder.hpp -- a folder of a test's own, that goes with it.
#pragma once
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

struct temporary_folder {
  std::filesystem::path path;
  temporary_folder() {
    std::string name = testing::TempDir() + "/knit_XXXXXX";
    path = mkdtemp(name.data());
  }
  temporary_folder(temporary_folder const&) = delete;
  temporary_folder& operator=(temporary_folder const&) = delete;
  ~temporary_folder() { std::filesystem::remove_all(path); }
  std::filesystem::path operator/(char const* name) const { return path / name; }
};
inline std::string contents(std::filesystem::path const& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}
