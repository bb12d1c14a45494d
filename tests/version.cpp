// SPDX-License-Identifier: BSL-1.0
// version.cpp -- in: the numbers of the version. out: its text says the same.
#include <knit/version.hpp>

#include <gtest/gtest.h>

#include <string>

TEST(version, text_is_that_of_the_numbers) {
  EXPECT_EQ(knit::version_string, std::to_string(knit::version_major) + "." + std::to_string(knit::version_minor) + "." +
                                      std::to_string(knit::version_patch));
}
