// SPDX-License-Identifier: BSL-1.0
// csv.cpp -- in: io/csv.hpp. out: tables of numbers as RFC 4180 has them, and where others go wrong.

#include <knit/io/csv.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;
using knit::csv_options;

template <class T = float> knit::csv_table<T> table(std::string_view text, csv_options options = {}) {
  return knit::read_csv<T>(std::span(reinterpret_cast<std::uint8_t const*>(text.data()), text.size()), "t", options);
}
template <class F> std::string refusal_of(F f) {
  try {
    f();
  } catch (knit::data_error const& e) {
    const std::string said = e.what();
    EXPECT_TRUE(said.starts_with("knit: t ")) << said;
    EXPECT_EQ(said.find('\n'), said.npos) << said;
    return said.substr(8);
  }
  return "";
}
template <class T = float> std::string refusal(std::string_view text, csv_options options = {}) {
  return refusal_of([&] { table<T>(text, options); });
}
constexpr csv_options bare{.header = false};

TEST(read_csv, reads_files) {
  auto const t = knit::read_csv<float>(fs::path(KNIT_TEST_DATA) / "csv" / "plain.csv");
  EXPECT_EQ(t.names, (std::vector<std::string>{"width", "height", "kind"}));
  EXPECT_EQ(t.extent, (std::vector{3, 3}));
  EXPECT_EQ(t.values, (std::vector<float>{1, 2.5f, 0, -300, 4, 1, .5f, 0, 2}));
  auto const d = knit::read_csv<double>(fs::path(KNIT_TEST_DATA) / "csv" / "plain.csv");
  EXPECT_EQ(d(2, 1), 1e-60);
  EXPECT_EQ(knit::read_csv<double>(fs::path(KNIT_TEST_DATA) / "csv" / "packed.csv.gz").values, d.values);
  auto const n =
      knit::read_csv<std::int32_t>(fs::path(KNIT_TEST_DATA) / "csv" / "numbers.csv", {.separator = ';', .header = false});
  EXPECT_EQ(n.values, (std::vector<std::int32_t>{1, 2, 3, 4}));
  EXPECT_TRUE(n.names.empty());
}

TEST(read_csv, reads_quotes_lines_and_marks_as_the_rfc_has_them) {
  auto const t = knit::read_csv<float>(fs::path(KNIT_TEST_DATA) / "csv" / "quoted.csv", {.nan_and_inf = true});
  EXPECT_EQ(t.names, (std::vector<std::string>{"a \"b\", c", "two\nlines", "last"}));
  EXPECT_EQ(t(0, 0), 1.5f);
  EXPECT_EQ(t(0, 1), 2.f);
  EXPECT_TRUE(std::isnan(t(1, 0)));
  EXPECT_EQ(t(1, 1), std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::signbit(t(1, 2)));
  for (auto const* text : {"1,2\n3,4", "1,2\n3,4\n", "1,2\r\n3,4\r\n", "1,2\r\n3,4\r", "\"1\",\"2\"\n3,\"4\"",
                           "\xef\xbb\xbf"
                           "1,2\n3,4"})
    EXPECT_EQ(table(text, bare).values, (std::vector{1.f, 2.f, 3.f, 4.f})) << text;
  EXPECT_EQ(table("\"\"\"\",\"\"\n1,2").names, (std::vector<std::string>{"\"", ""}));
  EXPECT_EQ(table("a\tb\n 1\t2 \n", {.separator = '\t'}).values, (std::vector{1.f, 2.f}));
  EXPECT_EQ(table("a,b\n").extent, (std::vector{0, 2}));
}

TEST(read_csv, rounds_as_the_language_does) {
  EXPECT_EQ(table<double>("0.1", bare).values[0], 0.1);
  EXPECT_EQ(table<float>("16777217.0000001", bare).values[0], 16777218.f);  // double first would be 16777216
  EXPECT_EQ(table<float>("1e-45", bare).values[0], std::numeric_limits<float>::denorm_min());
  EXPECT_EQ(table<float>("-1e-60", bare).values[0], 0.f);
}

TEST(read_csv, says_line_and_column) {
  auto const at = [](int line, int column) {
    return "has a mistake in line " + std::to_string(line) + ", column " + std::to_string(column) + ": ";
  };
  EXPECT_EQ(refusal("a,b\n1,2\n3,x4\n"), at(3, 2) + "'x4' is no number");
  EXPECT_EQ(refusal("\"a\n\",b\n1,2\n3,\n"), at(4, 2) + "the field is empty");
  EXPECT_EQ(refusal("a,b\n1,2\n3\n"), at(3, 1) + "the line has 1 fields, but the first has 2");
  EXPECT_EQ(refusal("a,b\n1,2,3\n"), at(2, 3) + "the line has 3 fields, but the first has 2");
  EXPECT_EQ(refusal("a\n1\n\n2\n"), at(3, 1) + "the field is empty");
  EXPECT_EQ(refusal("1\n\"2\n3", bare), at(2, 1) + "a quote has no end");
  EXPECT_EQ(refusal("1\n\"2\"3", bare), at(2, 1) + "something stands behind a quoted field");
  EXPECT_EQ(refusal("1,2\"3\"", bare), at(1, 2) + "a quote stands within a field that has none around it");
  EXPECT_EQ(refusal("1,2 3", bare), at(1, 2) + "'2 3' is no number");
  EXPECT_EQ(refusal("1\r2", bare), at(1, 1) + "'1?2' is no number");
  EXPECT_EQ(refusal("+-1", bare), at(1, 1) + "'+-1' is no number");
  EXPECT_EQ(refusal("1e39", bare), at(1, 1) + "'1e39' is out of the range of f4");
  EXPECT_EQ(refusal<std::uint8_t>("255,256", bare), at(1, 2) + "'256' is out of the range of u1");
  EXPECT_EQ(refusal<std::int32_t>("1.0", bare), at(1, 1) + "'1.0' is no whole number");
  EXPECT_EQ(refusal("1,2\n3,4"),
            at(1, 1) + "names of columns are expected and there are numbers; where a file has no names, say {.header = false}");
  EXPECT_EQ(refusal("\"2019\",\"2020\"\n3,4"), "");
  for (std::string const none : {"nan", "-nan", "nan(abc)", "inf", "-Infinity"}) {
    EXPECT_EQ(refusal("1," + none, bare),
              at(1, 2) + "'" + none + "' is not finite; where that is meant, say {.nan_and_inf = true}");
    EXPECT_EQ(refusal("1," + none, {.header = false, .nan_and_inf = true}), "");
  }
  EXPECT_EQ(refusal(""), "is empty");
  for (char c : {'"', '\n', '.', '-', '7', 'e'}) EXPECT_THROW(table("a", {.separator = c}), std::invalid_argument) << c;
}

TEST(csv_table, gives_columns_and_the_rest) {
  auto const t = table("x,kind,y,y\n1,0,2,3\n4,7,5,6\n");
  auto const kind = t.column<std::uint8_t>("kind");
  EXPECT_EQ(kind.extent, std::vector{2});
  EXPECT_EQ(kind.values, (std::vector<std::uint8_t>{0, 7}));
  auto const rest = t.without("kind");
  EXPECT_EQ(rest.extent, (std::vector{2, 3}));
  EXPECT_EQ(rest.values, (std::vector{1.f, 2.f, 3.f, 4.f, 5.f, 6.f}));
  EXPECT_EQ(t.column(3).values, (std::vector{3.f, 6.f}));
  EXPECT_EQ(refusal_of([&] { t.column("z"); }), "has no column of the name 'z'");
  EXPECT_EQ(refusal_of([&] { t.without("y"); }), "has several columns of the name 'y'");
  EXPECT_EQ(refusal_of([&] { t.column(4); }), "has no column 4; it has 0 .. 3");
  EXPECT_EQ(refusal_of([] { table("1\n256", bare).column<std::uint8_t>(0); }),
            "has 256.000000 in row 1 of column 0, counted from 0, which is no u1");
  EXPECT_EQ(refusal_of([] { table("nan", {.header = false, .nan_and_inf = true}).column<std::int32_t>(0); }),
            "has nan in row 0 of column 0, counted from 0, which is no i4");
  EXPECT_EQ(refusal_of([] { table("16777215\n16777217", bare).column<std::int32_t>(0); }),
            "has 16777216.000000 in row 1 of column 0, counted from 0, where float rounds; read it as double");
  EXPECT_EQ(table<double>("16777217", bare).column<std::int32_t>(0).values[0], 16777217);
  EXPECT_NE(refusal_of([] { table<std::int32_t>("16777217", bare).column<float>(0); }), "");
  EXPECT_NE(refusal_of([] { table("2147483648", bare).column<std::int32_t>(0); }), "");
  EXPECT_NE(refusal_of([] { table("0.5", bare).column<std::int32_t>(0); }), "");
}

}  // namespace
