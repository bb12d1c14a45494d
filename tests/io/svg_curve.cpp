// SPDX-License-Identifier: BSL-1.0
// svg_curve.cpp -- in: io/svg_curve.hpp. out: XML, as many points as there are numbers that can be shown, inside the axes, at the
// height that these say.

#include <knit/io/svg_curve.hpp>
#include <knit/knit.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

#include "../temporary_folder.hpp"

namespace {

using namespace knit;
constexpr double nan_value = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();

/// Every tag is closed, in order, attributes are in quotes, text has none of <, > and &.
void expect_xml(std::string const& s) {
  const std::regex tag("<(/?)([a-z]+)((?: [a-zA-Z0-9-]+=\"[^\"<>&]*\")*)(/?)>");
  std::vector<std::string> open;
  std::size_t at = 0;
  for (std::sregex_iterator m(s.begin(), s.end(), tag), end; m != end; ++m) {
    const std::string before = std::regex_replace(s.substr(at, std::size_t(m->position()) - at), std::regex("&(amp|lt|gt);"), "");
    EXPECT_EQ(before.find_first_of("<>&"), std::string::npos) << before;
    at = std::size_t(m->position() + m->length());
    if ((*m)[1].length()) {
      ASSERT_FALSE(open.empty());
      EXPECT_EQ(open.back(), (*m)[2]);
      open.pop_back();
    } else if (!(*m)[4].length()) open.push_back((*m)[2]);
  }
  EXPECT_TRUE(open.empty());
  EXPECT_EQ(s.substr(at), "\n");
}
std::vector<std::string> matches(std::string const& s, char const* pattern) {
  const std::regex r(pattern);
  std::vector<std::string> all;
  for (std::sregex_iterator m(s.begin(), s.end(), r), end; m != end; ++m) all.push_back((*m)[1]);
  return all;
}
struct point {
  double x, y;
};
/// The points of each line.
std::vector<std::vector<point>> lines_of(std::string const& svg) {
  std::vector<std::vector<point>> all;
  for (auto const& points : matches(svg, "<polyline[^>]* points=\"([^\"]*)\"")) {
    all.emplace_back();
    const std::regex pair("([-0-9.]+),([-0-9.]+)");
    for (std::sregex_iterator m(points.begin(), points.end(), pair), end; m != end; ++m)
      all.back().push_back({std::stod((*m)[1]), std::stod((*m)[2])});
  }
  return all;
}
using texts = std::vector<std::string>;
constexpr char const* x_labels = "class=\"x\"[^>]*>([^<]*)<";
constexpr char const* y_labels = "class=\"y\"[^>]*>([^<]*)<";

TEST(svg_curve, has_every_point_within_the_axes) {
  std::vector<float> falling;
  for (int i = 0; i < 100; ++i) falling.push_back(float(2 * std::exp(-i / 20.0)));
  const std::string svg = svg_of({{"a & <b>", falling}, {"other", std::vector{1.0, 0.0}, 50}}, {.title = "A & B"});
  expect_xml(svg);
  const auto lines = lines_of(svg);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].size(), 100u);
  EXPECT_EQ(lines[1].size(), 2u);
  for (auto const& l : lines)
    for (auto [x, y] : l) EXPECT_TRUE(x >= 72 && x <= 700 && y >= 44 && y <= 388) << x << ' ' << y;
  EXPECT_EQ(lines[0].front().x, 72);  // step 1 is at the left end, step 100 at the right; 2 on top and 0 below
  EXPECT_EQ(lines[0].front().y, 44);
  EXPECT_EQ(lines[1].back().x, 700);
  EXPECT_EQ(lines[1].back().y, 388);
  EXPECT_NEAR(lines[1].front().y, 216, 1e-3);
  EXPECT_EQ(matches(svg, x_labels), (texts{"20", "40", "60", "80", "100"}));
  EXPECT_EQ(matches(svg, y_labels), (texts{"0", "0.5", "1", "1.5", "2"}));
  EXPECT_EQ(matches(svg, "class=\"legend\"[^>]*>([^<]*)<"), (texts{"a &amp; &lt;b&gt;", "other"}));
}

TEST(svg_curve, has_decades_on_a_logarithmic_scale) {
  const std::string svg = svg_of({{"loss", std::vector{1000.0, 1.0, 0.0, -1.0, 0.1}}}, {.log_scale = true});
  expect_xml(svg);
  EXPECT_EQ(matches(svg, y_labels), (texts{"0.1", "1", "10", "100", "1000"}));
  const auto lines = lines_of(svg);
  ASSERT_EQ(lines.size(), 1u);  // what is not above 0 is left out; a number alone is a dot
  EXPECT_EQ(lines[0].front().y, 20);
  EXPECT_NEAR(lines[0].back().y, 20 + 0.75 * 368, 1e-3);
  EXPECT_EQ(matches(svg, "<circle[^>]*cy=\"([^\"]*)\""), (texts{"388"}));
  EXPECT_EQ(matches(svg_of({{"", std::vector{1.0, 30.0}}}, {.log_scale = true}), y_labels), (texts{"1", "2", "5", "10", "20"}));
}

TEST(svg_curve, has_gaps_where_numbers_are_none) {
  const std::string svg = svg_of({{"loss", std::vector{3.0, 2.0, nan_value, 1.0, 2.0, infinite, -infinite, 3.0}}});
  expect_xml(svg);
  const auto lines = lines_of(svg);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].size(), 2u);
  EXPECT_EQ(lines[1].size(), 2u);
  EXPECT_EQ(matches(svg, "<circle[^>]*cx=\"([^\"]*)\""), (texts{"700"}));
  EXPECT_EQ(matches(svg, y_labels).front(), "1");
  EXPECT_EQ(matches(svg, y_labels).back(), "3");
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(svg.find("inf"), std::string::npos);
}

TEST(svg_curve, of_little_or_nothing) {
  for (auto const& y : {std::vector<double>{}, {nan_value}, {5, 5, 5}, {0}, {-1e-12, 1e-12}, {1e299, -1e299}, {1e8, 1e8 + 1}})
    for (bool logarithmic : {false, true}) {
      const std::string svg = svg_of({{"y", y}}, {.log_scale = logarithmic});
      expect_xml(svg);
      EXPECT_EQ(svg.find("nan"), std::string::npos);
      EXPECT_EQ(svg.find("inf"), std::string::npos);
      EXPECT_LE(matches(svg, y_labels).size(), 13u);
    }
  expect_xml(svg_of({}));
}

TEST(svg_curve, is_written_whole) {
  const temporary_folder folder;
  const std::vector<svg_series> all{{"loss", std::vector{1, 5, 10}, std::vector{3.0, 2.0, 1.0}}};
  svg_curve(folder / "loss.svg", all);
  EXPECT_EQ(contents(folder / "loss.svg"), svg_of(all));
  EXPECT_THROW(svg_curve("/nowhere/at/all.svg", all), data_error);
  EXPECT_THROW(svg_of(all, {.width = 92}), std::invalid_argument);  // nothing but margins
  EXPECT_THROW(svg_of(all, {.title = "loss", .height = 96}), std::invalid_argument);
  expect_xml(svg_of(all, {.title = "loss", .width = 93, .height = 97}));
  EXPECT_THROW(svg_series("loss", std::vector{1, 2}, std::vector{1.0}), std::invalid_argument);
}

}  // namespace
