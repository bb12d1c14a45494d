// SPDX-License-Identifier: BSL-1.0
// safetensors.cpp -- in: io/safetensors.hpp. out: it reads what the format's library writes and writes the same bytes;
// what it refuses, and where; an array's order is PyTorch's; a file is replaced as a whole.

#include <knit/io/safetensors.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include <sys/stat.h>

#include "../temporary_folder.hpp"

namespace {

namespace fs = std::filesystem;
using knit::from_stored, knit::tensor, knit::to_stored;

class safetensors : public testing::Test {
 protected:
  void write(std::string const& all) const { std::ofstream(file, std::ios::binary) << all; }
  /// A file with this header, of this length unless another is said, and as many bytes of data.
  static std::string with_header(std::string const& header, std::size_t data = 0, std::optional<std::uint64_t> length = {}) {
    const std::uint64_t n = length.value_or(header.size());
    return std::string(reinterpret_cast<char const*>(&n), 8) + header + std::string(data, 'x');
  }
  /// What is said of a file that is refused, or "read".
  std::string refusal(std::string const& all) const {
    write(all);
    try {
      static_cast<void>(knit::read_safetensors(file));
      return "read";
    } catch (knit::data_error const& e) {
      const std::string begin = "knit: " + file.string() + ' ', text = e.what();
      return text.starts_with(begin) ? text.substr(begin.size()) : "without the file's name: " + text;
    }
  }

  const temporary_folder own;
  fs::path folder = own.path, file = folder / "some.safetensors";
};
const fs::path stored = std::string(KNIT_TEST_DATA) + "/safetensors";

TEST_F(safetensors, are_the_bytes_of_the_formats_library) {
  for (char const* name : {"model.safetensors", "types.safetensors"}) {
    auto const read = knit::read_safetensors(stored / name);
    knit::write_safetensors(file, read);
    EXPECT_EQ(contents(file), contents(stored / name)) << name;
    EXPECT_EQ(knit::read_safetensors(file), read) << name;
  }
}

TEST_F(safetensors, have_all_types_and_texts) {
  auto const types = knit::read_safetensors(stored / "types.safetensors");
  EXPECT_EQ(types.arrays.size(), 15u);
  EXPECT_EQ(types.metadata.at("text"), "\"\\/\b\f\n\r\t\x01\x7f\u00e9\u20ac\U0001f600");
  EXPECT_EQ(types.arrays.at("none").extent, (std::vector<std::uint64_t>{0, 3}));
  tensor<double> one;
  from_stored(types.arrays.at("one"), one);
  EXPECT_EQ(one[0], 1.5);
  tensor<std::int32_t, 3> i;
  from_stored(types.arrays.at("a.int32"), i);
  EXPECT_EQ(i[2], 2);
  tensor<std::uint8_t, 3> u;
  from_stored(types.arrays.at("a.uint8"), u);
  EXPECT_EQ(u[2], 2);
}

TEST_F(safetensors, have_a_matrix_as_a_linear_layer_has_it) {
  auto const arrays = knit::read_safetensors(stored / "model.safetensors").arrays;
  tensor<float, 4, 3> w;
  tensor<float, 4> b;
  tensor<float, 2, 3> x;
  tensor<float, 2, 4> y;
  tensor<double, 2, 4> in_double;
  from_stored(arrays.at("0.w"), w);
  from_stored(arrays.at("0.b"), b);
  from_stored(arrays.at("x"), x);
  from_stored(arrays.at("y"), y);
  from_stored(arrays.at("2.w"), in_double);
  EXPECT_EQ(w(1, 2), 5 / 8.f - 1);
  EXPECT_EQ(in_double(1, 2), 6 / 8. - 1);
  for (int n = 0; n < 2; ++n)
    for (int row = 0; row < 4; ++row) {
      float sum = b(row);
      for (int k = 0; k < 3; ++k) sum += w(row, k) * x(n, k);
      EXPECT_EQ(sum, y(n, row)) << n << ' ' << row;
    }
  EXPECT_EQ(to_stored(w), arrays.at("0.w"));
  EXPECT_EQ(to_stored(in_double), arrays.at("2.w"));
}

TEST_F(safetensors, have_a_filter_as_a_convolution_has_it) {
  auto const arrays = knit::read_safetensors(stored / "model.safetensors").arrays;
  tensor<float, 4, 5, 3, 2> f;  // width, height, in, out
  from_stored(arrays.at("1.f"), f);
  for (int out = 0; out < 2; ++out)
    for (int in = 0; in < 3; ++in)
      for (int h = 0; h < 5; ++h)
        for (int w = 0; w < 4; ++w) ASSERT_EQ(f(w, h, in, out), float(((out * 3 + in) * 5 + h) * 4 + w) / 8 - 1);
  EXPECT_EQ(to_stored(f), arrays.at("1.f"));
}

/// If there is a Python that has the library.
TEST_F(safetensors, are_read_by_the_formats_library) {
  if (std::system("python3 -c 'import safetensors.numpy' 2>/dev/null") != 0) GTEST_SKIP() << "python3 has no safetensors";
  knit::safetensors_file model;
  for (auto const& [name, a] : knit::read_safetensors(stored / "model.safetensors").arrays) model.arrays[name] = a;
  knit::write_safetensors(file, model);
  EXPECT_EQ(std::system(("python3 '" KNIT_TEST_DATA "/safetensors.py' --check '" + file.string() + "'").c_str()), 0);
}

TEST_F(safetensors, of_other_writers_are_read) {
  EXPECT_EQ(refusal(with_header("{}")), "read");
  EXPECT_EQ(refusal(with_header(
                "{ \"\\u00e9\\ud83d\\ude00\\/\" :\n{\"data_offsets\":[0, 8],\t\"shape\":[ 2 ],\"dtype\":\"F32\"} }\r\n ", 8)),
            "read");
  EXPECT_TRUE(knit::read_safetensors(file).arrays.contains("\u00e9\U0001f600/"));
}

TEST_F(safetensors, are_refused_with_a_reason_and_a_place) {
  const std::string a = R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
  auto const after_a = [&](std::string const& more, std::size_t data = 16) {
    return refusal(with_header('{' + a + ',' + more + '}', data));
  };
  auto const of = [](std::string const& member) { return R"({"a":{"dtype":"F32","shape":[2],)" + member + "}}"; };
  const std::string unsound = "is no sound safetensors file: at byte ";

  EXPECT_EQ(refusal("1234567"), "is truncated: it ends at byte 7, within the length of its header");
  EXPECT_EQ(refusal(with_header("{}", 0, 3)), "is truncated: it ends at byte 10, and its header at byte 11");
  EXPECT_EQ(refusal(with_header("{}", 0, 100'000'001)),
            "is no safetensors file: its first 8 bytes say that its header has 100000001 bytes, and none has more than "
            "100000000");
  EXPECT_EQ(refusal("\x89PNG\r\n\x1a\n, or what is no safetensors file").substr(0, 22), "is no safetensors file");
  EXPECT_EQ(refusal(with_header('{' + a + '}', 7)),
            "is truncated: it has 7 bytes behind its header, which ends at byte 62, and its arrays have 8");
  EXPECT_EQ(refusal(with_header('{' + a + '}', 9)),
            "is too long: it has 9 bytes behind its header, which ends at byte 62, and its arrays have 8");

  EXPECT_EQ(refusal(with_header("")), unsound + "8 a { is missing");
  EXPECT_EQ(refusal(with_header(" {}")), unsound + "8 a { is missing");
  EXPECT_EQ(refusal(with_header("{")), unsound + "9 a \" is missing");
  EXPECT_EQ(refusal(with_header("{}}")), unsound + "10 something follows the end");
  EXPECT_EQ(refusal(with_header('{' + a + ",}", 8)), unsound + "62 a \" is missing");
  EXPECT_EQ(refusal(with_header(R"({"a":[]})")), unsound + "13 a { is missing");
  EXPECT_EQ(refusal(with_header(R"({"a)")), unsound + "11 the text has no end");
  EXPECT_EQ(refusal(with_header("{\"a\n\":{}}")), unsound + "11 no character of a text stands");
  EXPECT_EQ(refusal(with_header("{\"\xed\xa0\x80\":{}}")), unsound + "10 no character of a text stands");
  EXPECT_EQ(refusal(with_header("{\"\xc0\x80\":{}}")), unsound + "10 no character of a text stands");
  EXPECT_EQ(refusal(with_header(R"({"\x":{}})")), unsound + "10 a backslash stands before no letter of an escape");
  EXPECT_EQ(refusal(with_header(R"({"\u12g4":{}})")), unsound + "10 \\u has no four hexadecimal digits");
  EXPECT_EQ(refusal(with_header(R"({"\ud800\u0041":{}})")), unsound + "10 half a character is escaped");
  EXPECT_EQ(refusal(with_header(R"({"\udc00":{}})")), unsound + "10 half a character is escaped");
  EXPECT_EQ(refusal(with_header(R"({"__metadata__":{"a":1}})")), unsound + "29 a \" is missing");

  EXPECT_EQ(after_a(a), unsound + "62 the name 'a' stands a second time");
  EXPECT_EQ(after_a(R"("__metadata__":{"k":"1","k":"2"})"), unsound + "86 the name 'k' stands a second time");
  EXPECT_EQ(after_a(R"("b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]})"),
            unsound + "66 array 'b' begins at byte 4 of the data, within another, which ends at byte 8");
  EXPECT_EQ(after_a(R"("b":{"dtype":"F32","shape":[2],"data_offsets":[9,17]})"),
            unsound + "66 array 'b' begins at byte 9 of the data, behind a gap, which begins at byte 8");
  EXPECT_EQ(refusal(with_header(of(R"("data_offsets":[0,12])"), 12)),
            unsound + "13 array 'a' has F32 of shape [2], so 8 bytes, but its data_offsets are [0,12]");
  for (char const* offsets : {"[8,0]", "[0]", "[0,8,8]", "[]"})
    EXPECT_NE(refusal(with_header(of(R"("data_offsets":)" + std::string(offsets)), 8)).find("so 8 bytes"), std::string::npos)
        << offsets;
  EXPECT_EQ(refusal(with_header(of(R"("data_offsets":[-1,8])"), 8)), unsound + "56 a whole number is missing");
  EXPECT_EQ(refusal(with_header(of(R"("data_offsets":[00,8])"), 8)), unsound + "56 a whole number is missing");
  EXPECT_EQ(refusal(with_header(of(R"("data_offsets":[0,8.0])"), 8)), unsound + "59 a ] is missing");
  EXPECT_EQ(refusal(with_header(of(R"("data_offsets":[0,18446744073709551616])"), 8)), unsound + "58 a number is 2^64 or more");
  EXPECT_EQ(refusal(with_header(of(R"("strides":[1])"), 8)), unsound + "40 array 'a' has a 'strides', which the format has not");
  EXPECT_EQ(refusal(with_header(of(R"("shape":[2])"), 8)), unsound + "40 the name 'shape' stands a second time");
  EXPECT_EQ(refusal(with_header(R"({"a":{"dtype":"F32","data_offsets":[0,8]}})", 8)),
            unsound + "13 array 'a' lacks its dtype, its shape or its data_offsets");
  EXPECT_EQ(refusal(with_header(R"({"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}})", 8)),
            unsound + "13 array 'a' has elements of type 'F31', which is unknown");
  EXPECT_EQ(refusal(with_header(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})")),
            unsound + "13 array 'a' has F32 of shape [4294967296,4294967296], which is 2^64 bytes or more");

  EXPECT_THROW(static_cast<void>(knit::read_safetensors(folder)), knit::data_error);
  EXPECT_THROW(static_cast<void>(knit::read_safetensors(folder / "none")), knit::data_error);
}

TEST_F(safetensors, cut_anywhere_or_with_any_byte_changed_are_refused_or_sound) {
  const std::string all = contents(stored / "model.safetensors");
  auto const read = [](std::string const& changed) {
    std::istringstream in(changed);
    return knit::detail::read_safetensors(in, "changed");
  };
  for (std::size_t n = 0; n < all.size(); ++n) ASSERT_THROW(static_cast<void>(read(all.substr(0, n))), knit::data_error) << n;
  int sound = 0;
  for (std::size_t n = 0; n < all.size(); ++n) {
    std::string changed = all;
    changed[n] = char(changed[n] ^ 1 << n % 8);
    try {
      auto const file_of_it = read(changed);
      sound += knit::detail::parts_of(file_of_it).arrays.size() == 6;
    } catch (knit::data_error const&) {}
  }
  EXPECT_GT(sound,
            int(knit::read_safetensors(stored / "model.safetensors").arrays.at("1.f").bytes.size()));  // data is any bytes
}

TEST_F(safetensors, that_are_no_files_are_not_written) {
  const knit::stored_array right = to_stored(tensor<float, 2>{1, 2});
  auto wrong = right;
  wrong.bytes.pop_back();
  knit::write_safetensors(file, {{{"a", right}}, {}});
  auto const before = contents(file);
  EXPECT_THROW(knit::write_safetensors(file, {{{"a", wrong}}, {}}), std::invalid_argument);
  wrong = right;
  wrong.type = "F33";
  EXPECT_THROW(knit::write_safetensors(file, {{{"a", wrong}}, {}}), std::invalid_argument);
  EXPECT_THROW(knit::write_safetensors(file, {{{"__metadata__", right}}, {}}), std::invalid_argument);
  EXPECT_THROW(knit::write_safetensors(file, {{{"\xff", right}}, {}}), std::invalid_argument);
  EXPECT_THROW(knit::write_safetensors(file, {{}, {{"k", "\xe9"}}}), std::invalid_argument);
  EXPECT_EQ(contents(file), before);
}

TEST_F(safetensors, arrays_of_other_types_or_extents_are_refused_whole) {
  tensor<float, 2, 3> a(7.f);
  EXPECT_THROW(from_stored(to_stored(tensor<float, 3, 2>()), a), knit::data_error);
  EXPECT_THROW(from_stored(to_stored(tensor<double, 2, 3>()), a), knit::data_error);
  try {
    from_stored(to_stored(tensor<float, 6>()), a);
    FAIL();
  } catch (knit::data_error const& e) {
    EXPECT_STREQ(e.what(), "knit: an array is F32 of shape [6], where F32 of shape [2,3] is wanted");
  }
  EXPECT_EQ(a(1, 2), 7);
}

TEST_F(safetensors, replace_a_file_with_the_rights_of_a_new_one_or_leave_it) {
  const mode_t mask = umask(022);
  write("old");
  knit::write_safetensors(file, {});
  EXPECT_EQ(refusal(contents(file)), "read");
  struct stat s {};
  ASSERT_EQ(stat(file.c_str(), &s), 0);
  EXPECT_EQ(s.st_mode & 0777, 0644u);
  umask(mask);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 1);  // nothing is left beside it

  const fs::path taken = folder / "folder";
  fs::create_directories(taken / "with something");
  EXPECT_THROW(knit::write_safetensors(taken, {}), knit::data_error);
  EXPECT_THROW(knit::write_safetensors(folder / "no folder" / "file", {}), knit::data_error);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 2);
  EXPECT_TRUE(fs::exists(taken / "with something"));
}

}  // namespace
