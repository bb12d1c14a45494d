// SPDX-License-Identifier: BSL-1.0
// sentence.cpp -- in: core/sentence.hpp. out: what is said, and that nothing is lost without a mark.

#include <knit/core/sentence.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace {

using namespace knit;

TEST(a_sentence, has_words_numbers_and_shapes) {
  constexpr sentence s = [] {
    sentence t;
    t << "a " << -12 << " of " << make_shape(3, 5) << ", " << shape{};
    return t;
  }();
  EXPECT_STREQ(s.text, "a -12 of (3x5), scalar");
}

TEST(a_sentence, that_has_no_room_says_so) {
  constexpr int room = sizeof sentence{}.text - 1;
  const std::string all(std::size_t(room), 'x');
  sentence s;
  s << all.c_str();
  EXPECT_EQ(std::string_view(s.text), all);
  s << "";
  EXPECT_EQ(std::string_view(s.text), all);
  s << "y";
  EXPECT_EQ(std::string_view(s.text), all.substr(5) + "[...]");
  EXPECT_EQ(s.length(), room);
}

}  // namespace
