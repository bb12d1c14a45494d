// SPDX-License-Identifier: BSL-1.0
// idx.cpp -- in: io/idx.hpp. out: what it reads, what it refuses and in which words, and how much memory it asks for.

#include <knit/io/idx.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include <unistd.h>
#include <zlib.h>

namespace {
std::size_t largest = 0;  // number of bytes of the largest allocation so far
}
// Not inlined: the compiler would take free for a mismatch of new.
[[gnu::noinline]] void* operator new(std::size_t n) {
  largest = std::max(largest, n);
  if (void* p = std::malloc(n ? n : 1)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }

namespace {

namespace fs = std::filesystem;
using bytes = std::vector<std::uint8_t>;

/// An IDX file in memory: the header for these extents and n elements 0, 1, 2, ... modulo 251.
bytes idx(std::vector<std::uint32_t> const& extents, std::size_t n, std::uint8_t type = 8) {
  bytes b = {0, 0, type, std::uint8_t(extents.size())};
  for (std::uint32_t e : extents)
    for (int shift : {24, 16, 8, 0}) b.push_back(std::uint8_t(e >> shift));
  for (std::size_t i = 0; i < n; ++i) b.push_back(std::uint8_t(i % 251));
  return b;
}

class read_idx : public testing::Test {
 protected:
  read_idx() {
    std::string name = testing::TempDir() + "/knit_idx_XXXXXX";
    folder = mkdtemp(name.data());
    file = folder / "some.idx";
  }
  ~read_idx() override { fs::remove_all(folder); }

  void plain(bytes const& b) {
    std::ofstream(file, std::ios::binary).write(reinterpret_cast<char const*>(b.data()), std::streamsize(b.size()));
  }
  void packed(bytes const& b, char const* mode = "wb") {
    gzFile f = gzopen(file.c_str(), mode);
    ASSERT_EQ(gzwrite(f, b.data(), unsigned(b.size())), int(b.size()));
    ASSERT_EQ(gzclose(f), Z_OK);
  }
  bytes raw() {
    std::ifstream in(file, std::ios::binary);
    return bytes(std::istreambuf_iterator<char>(in), {});
  }
  /// What is said against a file: one sentence that names it, without the name; "" if it is read.
  std::string refusal(fs::path const& path) {
    try {
      knit::read_idx(path);
    } catch (knit::data_error const& e) {
      const std::string said = e.what(), start = "knit: " + path.string() + " ";
      EXPECT_TRUE(said.starts_with(start)) << said;
      EXPECT_EQ(said.find(path.string(), start.size()), said.npos) << said;
      EXPECT_EQ(said.find('\n'), said.npos) << said;
      return said.substr(std::min(start.size(), said.size()));
    }
    return "";
  }
  std::string refusal() { return refusal(file); }

  fs::path folder, file;
};

TEST_F(read_idx, reads_plain_and_packed_alike) {
  const bytes b = idx({3, 2, 4}, 24);
  for (bool zipped : {false, true}) {
    zipped ? packed(b) : plain(b);
    EXPECT_EQ(raw() == b, !zipped);
    const knit::idx_file f = knit::read_idx(file);
    EXPECT_EQ(f.extent, (std::vector{3, 2, 4}));
    EXPECT_EQ(f.values, bytes(b.begin() + 16, b.end()));
  }
}

TEST_F(read_idx, reads_more_than_one_piece) {
  const bytes b = idx({1000003}, 1000003);
  packed(b, "wb1");
  EXPECT_EQ(knit::read_idx(file).values, bytes(b.begin() + 8, b.end()));
}

TEST_F(read_idx, reads_what_is_packed_in_several_members) {
  const bytes b = idx({10}, 10);
  packed(bytes(b.begin(), b.begin() + 9));
  packed(bytes(b.begin() + 9, b.end()), "ab");
  EXPECT_EQ(knit::read_idx(file).values, bytes(b.begin() + 8, b.end()));
}

TEST_F(read_idx, refuses_what_is_behind_a_packed_file) {
  packed(idx({10}, 10));
  bytes b = raw();
  b.push_back(0);
  plain(b);
  EXPECT_EQ(refusal(), "holds bytes behind the end of its gzip stream");
}

TEST_F(read_idx, reads_memory_and_maps_alike) {
  const bytes b = idx({3, 2, 4}, 24);
  packed(b);
  EXPECT_EQ(knit::read_idx(raw(), file).values, bytes(b.begin() + 16, b.end()));
  EXPECT_THROW(knit::map_idx(file), knit::data_error);
  plain(b);
  const auto there = knit::map_idx(file);
  EXPECT_EQ(there.extent, (std::vector{3, 2, 4}));
  EXPECT_EQ(bytes(there.values.begin(), there.values.end()), bytes(b.begin() + 16, b.end()));
}

TEST_F(read_idx, reads_an_empty_array) {
  plain(idx({0, 28, 28}, 0));
  EXPECT_EQ(knit::read_idx(file).extent, (std::vector{0, 28, 28}));
  EXPECT_TRUE(knit::read_idx(file).values.empty());
  plain(idx({0x7fffffff, 0x7fffffff, 0x7fffffff, 0}, 0));
  EXPECT_TRUE(knit::read_idx(file).values.empty());
}

TEST_F(read_idx, refuses_a_missing_file) {
  EXPECT_EQ(refusal(), "is missing");
  EXPECT_EQ(refusal(folder / "no" / "such.gz"), "is missing");
}

TEST_F(read_idx, refuses_what_cannot_be_read) {
  EXPECT_EQ(refusal(folder), "cannot be read: it is a folder");
  fs::create_symlink("circle", folder / "circle");
  EXPECT_EQ(refusal(folder / "circle"), "cannot be opened: Too many levels of symbolic links");
  if (fs::exists("/proc/self/mem")) {  // opens, but no page is mapped where it begins
    EXPECT_EQ(refusal("/proc/self/mem"), "cannot be read: Input/output error");
  }
  if (geteuid() != 0) {  // root may read all
    plain(idx({1}, 1));
    fs::permissions(file, fs::perms::none);
    EXPECT_EQ(refusal(), "cannot be opened: Permission denied");
  }
}

TEST_F(read_idx, refuses_every_truncation) {
  for (bool zipped : {false, true}) {
    const bytes b = idx({5, 8}, 40);
    zipped ? packed(b) : plain(b);
    const bytes whole = raw();
    for (std::size_t n = 0; n < whole.size(); ++n) {
      plain(bytes(whole.begin(), whole.begin() + std::ptrdiff_t(n)));
      EXPECT_TRUE(refusal().starts_with("is truncated: ")) << n << " " << refusal();
    }
  }
}

TEST_F(read_idx, says_how_a_file_is_truncated) {
  const bytes b = idx({5, 8}, 40);
  plain(bytes(b.begin(), b.begin() + 11));
  EXPECT_EQ(refusal(), "is truncated: it ends within its IDX header");
  plain(bytes(b.begin(), b.end() - 1));
  EXPECT_EQ(refusal(), "is truncated: it holds 39 of the 40 bytes that its header promises (5 x 8)");
  packed(b);
  bytes z = raw();
  z.pop_back();  // all elements are there, and the checksum: only its last byte of size is not
  plain(z);
  EXPECT_EQ(refusal(), "is truncated: its gzip stream has no end");
}

TEST_F(read_idx, refuses_a_header_that_lies) {
  for (bool zipped : {false, true}) {
    auto const write = [&](bytes const& b) { zipped ? packed(b) : plain(b); };
    write(idx({5, 8}, 12));
    EXPECT_EQ(refusal(), "is truncated: it holds 12 of the 40 bytes that its header promises (5 x 8)");
    write(idx({5, 8}, 41));
    EXPECT_EQ(refusal(), "holds more than the 40 bytes that its header promises (5 x 8)");
    write(idx({5, 0}, 1));
    EXPECT_EQ(refusal(), "holds more than the 0 bytes that its header promises (5 x 0)");
  }
}

TEST_F(read_idx, refuses_absurd_extents) {
  plain(idx({2, 0x80000000}, 2));
  EXPECT_EQ(refusal(), "has an absurd extent, 2147483648, as number 1");
  plain(idx({0x7fffffff, 0x7fffffff, 3}, 2));
  EXPECT_EQ(refusal(), "has absurd extents, 2147483647 x 2147483647 x 3");
  plain(idx({0x40000000, 0x40000000, 16}, 0));  // 2^64, which is 0 in 64 bits
  EXPECT_EQ(refusal(), "has absurd extents, 1073741824 x 1073741824 x 16");
  plain(idx(std::vector<std::uint32_t>(255, 0x10000), 0));
  EXPECT_TRUE(refusal().starts_with("has absurd extents, 65536 x 65536 x "));
}

TEST_F(read_idx, asks_for_memory_as_it_reads) {
  constexpr std::size_t n = 1 << 20;
  plain(idx({0x7fffffff, 0x7fffffff}, n));
  largest = 0;
  EXPECT_TRUE(refusal().starts_with("is truncated: it holds 1048576 of the 4611686014132420609 bytes"));
  EXPECT_GE(largest, n);  // the measurement works
  EXPECT_LE(largest, 2 * n);
  plain(idx({0x7fffffff, 0x7fffffff}, 10));
  largest = 0;
  EXPECT_NE(refusal(), "");
  EXPECT_LE(largest, 1u << 17);
  const std::uint32_t odd = n + 12345;
  packed(idx({odd}, odd));
  largest = 0;
  EXPECT_EQ(knit::read_idx(file).values.capacity(), odd);
  EXPECT_EQ(largest, odd);
}

TEST_F(read_idx, refuses_other_files) {
  plain({0x89, 'P', 'N', 'G', 0x0d, 0x0a, 0x1a, 0x0a});
  EXPECT_EQ(refusal(), "is no IDX file: it begins with the bytes 0x89 0x50 0x4e 0x47");
  plain({0, 1, 8, 1, 0, 0, 0, 1, 7});
  EXPECT_EQ(refusal(), "is no IDX file: it begins with the bytes 0x00 0x01 0x08 0x01");
  plain(idx({1}, 1, 0x0a));
  EXPECT_EQ(refusal(), "is no IDX file: it begins with the bytes 0x00 0x00 0x0a 0x01");
  plain(idx({}, 1));
  EXPECT_EQ(refusal(), "has no dimension");
}

TEST_F(read_idx, refuses_other_element_types_by_name) {
  auto const said = [](std::string const& name, std::string const& code) {
    return "has elements of type " + name + " (" + code + "), of which only unsigned byte (0x08) is supported";
  };
  auto const with = [&](std::uint8_t type) {
    packed(idx({2}, 16, type));
    return refusal();
  };
  EXPECT_EQ(with(0x09), said("signed byte", "0x09"));
  EXPECT_EQ(with(0x0b), said("short", "0x0b"));
  EXPECT_EQ(with(0x0c), said("int", "0x0c"));
  EXPECT_EQ(with(0x0d), said("float", "0x0d"));
  EXPECT_EQ(with(0x0e), said("double", "0x0e"));
}

TEST_F(read_idx, refuses_a_wrong_checksum) {
  packed(idx({200}, 200));
  const bytes whole = raw();
  for (std::size_t from_end : {8u, 5u}) {  // first and last byte of the CRC
    bytes b = whole;
    b[b.size() - from_end] ^= 1;
    plain(b);
    EXPECT_EQ(refusal(), "is corrupt: incorrect data check");
  }
  bytes b = whole;
  b[b.size() - 4] ^= 1;
  plain(b);
  EXPECT_EQ(refusal(), "is corrupt: incorrect length check");
}

TEST_F(read_idx, returns_nothing_wrong_whichever_bit_flips) {
  packed(idx({20, 20}, 400));
  const bytes whole = raw(), right = knit::read_idx(file).values;
  int harmless = 0;
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      bytes b = whole;
      b[at] ^= std::uint8_t(1 << bit);
      try {
        EXPECT_EQ(knit::read_idx(b, file).values, right) << at << " " << bit;
        ++harmless;
      } catch (knit::data_error const&) {}
    }
  // Such are the 48 bits of time, compressor's flags and system in gzip's header, the mark of text, few others.
  EXPECT_GE(harmless, 48);
  EXPECT_LT(harmless, 64);
}

TEST(mnist, reads_as_it_is) {
  struct known {
    char const* name;
    std::vector<int> extent;
    unsigned long crc;
    std::optional<bytes> first = std::nullopt;
  };
  const known files[] = {{"train-images-idx3", {60000, 28, 28}, 0xf3639b56},
                         {"train-labels-idx1", {60000}, 0xba07e8ef, bytes{5, 0, 4, 1, 9}},
                         {"t10k-images-idx3", {10000, 28, 28}, 0xe4ca5f57},
                         {"t10k-labels-idx1", {10000}, 0xee8604d9, bytes{7, 2, 1, 0, 4}}};
  for (known const& k : files) {
    SCOPED_TRACE(k.name);
    auto const f = knit::read_idx(fs::path(KNIT_EXAMPLE_DATA) / "mnist" / (std::string(k.name) + "-ubyte.gz"));
    EXPECT_EQ(f.extent, k.extent);
    EXPECT_EQ(crc32(0, f.values.data(), unsigned(f.values.size())), k.crc);
    if (k.first) {
      EXPECT_EQ(bytes(f.values.begin(), f.values.begin() + 5), *k.first);
    }
  }
}

}  // namespace
