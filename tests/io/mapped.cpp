// SPDX-License-Identifier: BSL-1.0
// mapped.cpp -- in: io/mapped.hpp. out: files as they are, those that are refused, and one larger than memory.

#include <knit/data/minibatch.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../temporary_folder.hpp"

namespace {

namespace fs = std::filesystem;
using namespace knit;

class mapped_files : public testing::Test {
 protected:
  void write(std::string const& content) { std::ofstream(file, std::ios::binary) << content; }
  static std::string refusal(fs::path const& path) {
    try {
      mapped_file m(path);
    } catch (data_error const& e) {
      const std::string said = e.what(), start = "knit: " + path.string() + " ";
      EXPECT_TRUE(said.starts_with(start)) << said;
      return said.substr(start.size());
    }
    return "";
  }

  const temporary_folder own;
  fs::path folder = own.path, file = folder / "some";
};

TEST_F(mapped_files, are_as_they_are) {
  write("abc");
  const mapped_file m(file);
  EXPECT_EQ(std::string(m.bytes().begin(), m.bytes().end()), "abc");
  write("");
  EXPECT_TRUE(mapped_file(file).bytes().empty());
}

TEST_F(mapped_files, stay_for_as_long_as_there_are_copies) {
  write(std::string("\0\0\x08\x01\0\0\0\x02"
                    "ab",
                    10));
  mapped_array<std::uint8_t> copy;
  {
    auto const first = map_idx(file);
    copy = first;
  }
  fs::remove(file);
  EXPECT_EQ(copy.values[1], 'b');
}

TEST_F(mapped_files, are_refused_where_there_is_none) {
  EXPECT_EQ(refusal(folder), "cannot be read: it is a folder");
  EXPECT_EQ(refusal(folder / "none"), "is missing");
  EXPECT_EQ(refusal("/dev/null"), "cannot be mapped: it is no regular file");
  if (geteuid() != 0) {  // root may read all
    write("a");
    fs::permissions(file, fs::perms::none);
    EXPECT_EQ(refusal(file), "cannot be opened: Permission denied");
  }
}

long resident_bytes() {
  rusage r{};
  getrusage(RUSAGE_SELF, &r);
  return r.ru_maxrss * 1024;
}

TEST_F(mapped_files, may_be_larger_than_memory) {
  // 2^20 instances of 2^16 bytes, a hole of 64 GiB but for the first byte of each 2^16-th instance.
  constexpr int features = 1 << 16, count = 1 << 20, apart = 1 << 16;
  constexpr off_t header = 12, size = header + off_t{features} * count;
  {
    std::ofstream out(file, std::ios::binary);
    out.write("\0\0\x08\x02\0\x10\0\0\0\x01\0\0", header);
    for (int k = 0; k < count / apart; ++k) {
      out.seekp(header + off_t{features} * apart * k);
      out.put(char(k + 1));
    }
  }
  struct stat about {};
  if (truncate(file.c_str(), size) != 0 || stat(file.c_str(), &about) != 0 || about.st_blocks * 512 > 1 << 24)
    GTEST_SKIP() << "the file system of " << folder << " has no files with holes of 64 GiB";

  long const before = resident_bytes();
  instances<features> const data(map_idx(file), std::vector<std::uint8_t>(count), 1);
  EXPECT_EQ(data.x.size(), std::size_t{1} << 36);
  for (int k = 0; k < count / apart; ++k) EXPECT_EQ(data.x[std::size_t{features} * apart * std::size_t(k)], k + 1);
  auto batches = data | minibatch<4>(shuffle_by{1});
  std::vector<int> order(count);
  std::iota(order.begin(), order.end(), 0);
  shuffle(order, 1, 0);
  int read = 0;
  for (auto const& batch : batches) {
    for (int i = 0; i < 4; ++i) {
      int const from = order[std::size_t(4 * read + i)];
      EXPECT_EQ(int(batch.x(0, i)), from % apart ? 0 : from / apart + 1);
    }
    if (++read == 5) break;
  }
  EXPECT_LT(resident_bytes() - before, 64 << 20);  // what is read is 2 MiB, and each order takes 4
}

}  // namespace
