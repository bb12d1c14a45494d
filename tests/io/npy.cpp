// SPDX-License-Identifier: BSL-1.0
// npy.cpp -- in: io/npy.hpp and files that NumPy has written. out: what is read, what is refused and in which words.

#include <knit/io/npy.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numeric>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using bytes = std::vector<std::uint8_t>;

fs::path stored(std::string const& name) { return fs::path(KNIT_TEST_DATA) / "npy" / name; }
bytes content(std::string const& name) {
  std::ifstream in(stored(name), std::ios::binary);
  return bytes(std::istreambuf_iterator<char>(in), {});
}
template <class T> std::vector<T> upto(int n) {
  std::vector<T> v(static_cast<std::size_t>(n));
  std::iota(v.begin(), v.end(), T{0});
  return v;
}
/// What is said, less the start that names the file; "" if nothing.
template <class F> std::string refusal(F f, std::string const& name) {
  try {
    f();
  } catch (knit::data_error const& e) {
    const std::string said = e.what(), start = "knit: " + name;
    EXPECT_TRUE(said.starts_with(start)) << said;
    return said.substr(std::min(said.size(), start.size() + 1));
  }
  return "";
}
template <class T = float> std::string refusal(std::string const& name) {
  return refusal([&] { knit::read_npy<T>(stored(name)); }, stored(name).string());
}
template <class T = float> std::string refusal(bytes const& b) {
  return refusal([&] { knit::read_npy<T>(b, "x"); }, "x");
}
/// A file of version 1 with any header.
bytes with_header(std::string text, bytes const& values = {}) {
  bytes b = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, std::uint8_t(text.size()), std::uint8_t(text.size() >> 8)};
  b.insert(b.end(), text.begin(), text.end());
  b.insert(b.end(), values.begin(), values.end());
  return b;
}

template <class T> void reads_all_types() {
  for (auto const* name : {"f4", "f8", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "version2", "version3"}) {
    SCOPED_TRACE(name);
    auto const a = knit::read_npy<T>(stored(name + std::string(".npy")));
    EXPECT_EQ(a.extent, (std::vector{2, 3}));
    EXPECT_EQ(a.values, upto<T>(6));
  }
}
TEST(read_npy, reads_each_type_as_each) {
  reads_all_types<float>();
  reads_all_types<double>();
  reads_all_types<std::uint8_t>();
  reads_all_types<std::int32_t>();
  EXPECT_EQ(knit::read_npy<std::uint8_t>(stored("b1.npy")).values, (bytes{0, 1, 1}));
  EXPECT_EQ(knit::read_npy<float>(stored("packed.npy.gz")).values, upto<float>(120));
}

TEST(read_npy, reads_any_extents_in_either_order) {
  EXPECT_EQ(knit::read_npy<float>(stored("number.npy")).extent, std::vector<int>());
  EXPECT_EQ(knit::read_npy<float>(stored("number.npy")).values, std::vector{7.f});
  EXPECT_EQ(knit::read_npy<float>(stored("none.npy")).extent, (std::vector{0, 3}));
  EXPECT_EQ(knit::read_npy<float>(stored("deep.npy")).values, upto<float>(120));
  auto const f = knit::read_npy<float>(stored("fortran.npy"));
  EXPECT_EQ(f.extent, (std::vector{2, 3, 4}));
  EXPECT_EQ(f.values, upto<float>(24));
  EXPECT_EQ(knit::read_npy<float>(stored("fortran_list.npy")).values, upto<float>(4));
}

TEST(read_npy, refuses_a_value_that_is_none_of_the_type) {
  EXPECT_EQ(knit::read_npy<float>(stored("halves.npy")).values[1], 0.5f);
  EXPECT_EQ(refusal<std::int32_t>("halves.npy"), "has 0.500000 as value number 1, which is no i4");
  EXPECT_EQ(refusal<std::uint8_t>("signed.npy"), "has -1 as value number 0, which is no u1");
  EXPECT_EQ(knit::read_npy<std::int32_t>(stored("signed.npy")).values,
            (std::vector<std::int32_t>{-1, 2147483647, -2147483647 - 1}));
  EXPECT_EQ(knit::read_npy<double>(stored("beyond.npy")).values[1], 1e300);
  EXPECT_TRUE(refusal<float>("beyond.npy").ends_with(" as value number 1, which is no f4"));
  bytes b = content("b1.npy");
  b.back() = 2;
  EXPECT_EQ(refusal<std::uint8_t>(b), "has 2 as value number 2, which is no b1");
}
// A number of whose digits float has room for 24 would be another one, an identifier of a row another row's.
TEST(read_npy, refuses_whole_numbers_that_would_be_rounded) {
  auto const whole = [](std::string const& type, bytes const& value) {
    return with_header("{'descr': '" + type + "', 'fortran_order': False, 'shape': (1,)}", value);
  };
  EXPECT_EQ(refusal<float>(whole("<i4", {1, 0, 0, 1})), "has 16777217 as value number 0, which is no f4");
  EXPECT_EQ(refusal<float>(whole("<i4", {0xff, 0xff, 0xff, 0xfe})), "has -16777217 as value number 0, which is no f4");
  EXPECT_EQ(knit::read_npy<float>(whole("<i4", {2, 0, 0, 1}), "x").values[0], 16777218.0f);
  EXPECT_EQ(knit::read_npy<double>(whole("<i4", {1, 0, 0, 1}), "x").values[0], 16777217.0);
  EXPECT_EQ(knit::read_npy<float>(whole("<i8", {0, 0, 0, 0, 0, 0, 0, 0x80}), "x").values[0], -0x1p63f);
  EXPECT_EQ(refusal<double>(whole("<u8", bytes(8, 0xff))), "has 18446744073709551615 as value number 0, which is no f8");
}

TEST(read_npy, refuses_other_types) {
  for (auto const& [name, type] :
       {std::pair{"big_endian.npy", ">f4"}, {"half.npy", "<f2"}, {"complex.npy", "<c8"}, {"text.npy", "<U2"}})
    EXPECT_EQ(refusal(name), "has values of type '" + std::string(type) +
                                 "', of which only <f4, <f8, |b1 and the integers (|u1, <i4, ...) are supported");
  EXPECT_EQ(refusal("structure.npy"),
            "has a bad .npy header: at byte 20, a structured type is described, of which none is supported");
}

TEST(read_npy, refuses_every_truncation_and_what_is_too_long) {
  bytes b = content("f4.npy");
  b.push_back(0);
  EXPECT_EQ(refusal(b), "holds more than the 24 bytes that its header promises (2 x 3)");
  b.pop_back();
  EXPECT_EQ(refusal(b), "");
  b.pop_back();
  EXPECT_EQ(refusal(b), "is truncated: it holds 23 of the 24 bytes that its header promises (2 x 3)");
  for (; !b.empty(); b.pop_back()) EXPECT_TRUE(refusal(b).starts_with("is truncated: ")) << b.size();
}

TEST(read_npy, says_where_a_header_is_wrong) {
  const std::string bad = "has a bad .npy header: at byte ";
  const std::string type = "{'descr': '<f4', ", order = "'fortran_order': False, ", extent = "'shape': (1,)}";
  const bytes one(4);
  EXPECT_EQ(refusal(with_header(type + order + extent, one)), "");
  EXPECT_EQ(refusal(with_header("{\"shape\":(1L,),\"fortran_order\":True,\"descr\":\"<f4\"} \n", one)), "");
  EXPECT_EQ(refusal(with_header(type + extent)), bad + "41, it lacks descr, fortran_order or shape");
  EXPECT_EQ(refusal(with_header(type + type.substr(1) + order + extent)), bad + "35, there is a key too many, 'descr'");
  EXPECT_EQ(refusal(with_header(type + order + "'shape': (1,)")), bad + "64, a comma or } is expected");
  EXPECT_EQ(refusal(with_header(type + order + extent + "x")), bad + "65, something stands behind the }");
  EXPECT_EQ(refusal(with_header(type + order + extent + std::string("\0x", 2), one)), bad + "65, something stands behind the }");
  EXPECT_EQ(refusal(with_header(type + order + "'shape': (1 2)}")), bad + "63, a comma or ) is expected");
  EXPECT_EQ(refusal(with_header(type + order + "'shape': (-1,)}")), bad + "61, an extent is expected");
  EXPECT_EQ(refusal(with_header(type + order + "'shape': (2147483648,)}")), bad + "70, an extent is beyond 2^31 - 1");
  EXPECT_EQ(refusal(with_header(type + "'fortran_order': 0, " + extent)), bad + "44, True or False is expected");
  EXPECT_EQ(refusal(with_header("{'descr': '<f4")), bad + "20, a quoted string has no end");
  EXPECT_EQ(refusal(with_header("{descr: '<f4'}")), bad + "11, a quoted string is expected");
  EXPECT_EQ(refusal(with_header("[]")), bad + "10, { is expected");
  EXPECT_EQ(refusal(with_header(type + order + "'shape': (2147483647, 2147483647, 3)}")),
            "has absurd extents, 2147483647 x 2147483647 x 3");
  EXPECT_EQ(refusal(bytes{'P', 'K', 3, 4, 0, 0}), "is no .npy file: it begins with the bytes 0x50 0x4b 0x03 0x04");
  bytes b = content("f4.npy");
  b[6] = 4;
  EXPECT_EQ(refusal(b), "is of version 4.0 of .npy, of which 1 to 3 are supported");
  EXPECT_EQ(refusal(bytes{0x93, 'N', 'U', 'M', 'P', 'Y', 2, 0, 0xff, 0xff, 0xff, 0xff}),
            "has an absurd .npy header, of 4294967295 bytes");
}

TEST(map_npy, gives_the_same) {
  auto const a = knit::map_npy<float>(stored("deep.npy"));
  EXPECT_EQ(a.extent, (std::vector{2, 3, 4, 5}));
  EXPECT_EQ(std::vector(a.values.begin(), a.values.end()), upto<float>(120));
  EXPECT_EQ(knit::map_npy<double>(stored("f8.npy")).values[5], 5);
  EXPECT_TRUE(knit::map_npy<float>(stored("none.npy")).values.empty());
}

TEST(map_npy, refuses_what_cannot_stay_where_it_lies) {
  auto const said = [](fs::path const& path) { return refusal([&] { knit::map_npy<float>(path); }, path.string()); };
  EXPECT_EQ(said(stored("f8.npy")), "has values of type '<f8', which cannot be mapped as f4; read it instead");
  EXPECT_EQ(said(stored("fortran.npy")), "is in Fortran's order, which cannot be mapped; read it instead");
  EXPECT_EQ(refusal([] { knit::map_npy<std::uint8_t>(stored("b1.npy")); }, stored("b1.npy").string()),
            "has values of type '|b1', which cannot be mapped as u1; read it instead");
  const fs::path odd = fs::path(testing::TempDir()) / "knit_npy_odd.npy";
  auto const write = [&](bytes const& b) {
    std::ofstream(odd, std::ios::binary).write(reinterpret_cast<char const*>(b.data()), std::streamsize(b.size()));
  };
  write(with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", bytes(4)));
  EXPECT_EQ(said(odd), "cannot be mapped: its values begin at byte 65, no multiple of 4; read it instead");
  write(with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", bytes(7)));
  EXPECT_EQ(said(odd), "is truncated: it holds 7 of the 8 bytes that its header promises (2)");
  fs::remove(odd);
}

TEST(npz_file, reads_stored_and_packed) {
  const knit::npz_file small(stored("stored.npz")), large(stored("packed.npz"));
  EXPECT_EQ(small.names(), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(small.read<float>("x").extent, (std::vector{4, 3}));
  EXPECT_EQ(small.read<float>("x").values, upto<float>(12));
  EXPECT_EQ(small.read<std::uint8_t>("y").values, (bytes{0, 1, 2, 1}));
  EXPECT_EQ(large.read<double>("x").values, upto<double>(120));
  EXPECT_LT(fs::file_size(stored("packed.npz")), 1000u);  // it is packed
}

TEST(npz_file, refuses_what_it_has_not_or_cannot_read) {
  auto const name = stored("stored.npz").string();
  EXPECT_EQ(refusal([&] { knit::npz_file(name).read<float>("z"); }, name), "has no array 'z'; it has: 'x', 'y'");
  EXPECT_EQ(refusal([] { knit::npz_file(content("f4.npy"), "a"); }, "a"),
            "is no zip archive, or a truncated one: it has no end record");
  const bytes whole = content("packed.npz");
  const std::string text(whole.begin(), whole.end());
  auto const entry = text.find("PK\1\2"), end = text.find("PK\5\6");
  auto const with = [&](std::size_t at, std::uint8_t value) {
    bytes b = whole;
    b[at] = value;
    return refusal([&] { knit::npz_file(b, "a").read<float>("x"); }, "a");
  };
  EXPECT_EQ(with(entry + 8, 1), "x.npy is encrypted");
  EXPECT_EQ(with(entry + 10, 14), "x.npy is packed by method 14 of zip; supported are 0, stored, and 8, deflate");
  EXPECT_EQ(with(entry + 16, std::uint8_t(whole[entry + 16] ^ 1)), "x.npy is corrupt: incorrect checksum");
  EXPECT_EQ(with(entry + 24, std::uint8_t(whole[entry + 24] ^ 1)), "x.npy holds 608 bytes, but the archive says 609");
  bytes more = whole;  // than the directory says; what is behind that is not looked at, not even that it is corrupt
  more[entry + 24] = 100, more[entry + 25] = 0, more[entry - 1] ^= 0xff;
  EXPECT_EQ(refusal([&] { knit::npz_file(more, "a").read<float>("x"); }, "a"), "x.npy holds more bytes, but the archive says 100");
  EXPECT_EQ(with(entry + 43, 9), "is a corrupt zip archive: header at byte 2304 is beyond its end");
  EXPECT_EQ(with(entry, 0), "is a corrupt zip archive: there is no directory entry at byte " + std::to_string(entry));
  EXPECT_EQ(with(end + 4, 1), "is one part of a zip archive in several");
  bytes b = whole;
  for (int k = 0; k < 4; ++k) b[end + 16 + std::size_t(k)] = 0xff;
  EXPECT_EQ(refusal([&] { knit::npz_file(b, "a"); }, "a"), "is a zip64 archive, which is not supported; save its arrays as .npy");
}

TEST(npz_file, has_each_name_once_and_arrays_alone) {
  const bytes whole = content("stored.npz");
  const std::string text(whole.begin(), whole.end());
  auto const name = text.rfind("y.npy");  // in the directory
  bytes twice = whole, other = whole;
  twice[name] = 'x';
  other[name + 2] = 'o';
  EXPECT_EQ(refusal([&] { knit::npz_file(twice, "a"); }, "a"), "has two members of the name 'x.npy'");
  EXPECT_EQ(knit::npz_file(other, "a").names(), std::vector<std::string>{"x"});
  EXPECT_EQ(refusal([&] { knit::npz_file(other, "a").read<float>("y"); }, "a"), "has no array 'y'; it has: 'x'");
}

TEST(npz_file, returns_nothing_wrong_whichever_bit_flips) {
  const bytes whole = content("packed.npz");
  auto const right = upto<float>(120);
  int refused = 0;
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      bytes b = whole;
      b[at] ^= std::uint8_t(1 << bit);
      try {
        EXPECT_EQ(knit::npz_file(std::move(b), "a").read<float>("x").values, right) << at << " " << bit;
      } catch (knit::data_error const&) {
        ++refused;
      }
    }
  EXPECT_GT(refused, int(8 * whole.size() / 4));  // all of x and its entry, at least
}

}  // namespace
