// SPDX-License-Identifier: BSL-1.0
// device.cpp -- in: a machine, with a GPU or without. out: programs start on both, and say what they cannot have.
#include "device.hpp"

#include <gtest/gtest.h>

TEST(device, trains_where_there_is_a_gpu_and_says_so_where_there_is_none) {
  const std::string said = said_by_a_step();
  if (gpu_available()) EXPECT_EQ(said.rfind("loss ", 0), 0u) << said;
  else {
    EXPECT_EQ(said.rfind("knit: ", 0), 0u) << said;
    EXPECT_NE(said.find("; there is no GPU to run on, so train on simd_backend"), said.npos) << said;
  }
  EXPECT_EQ(said_by_a_step(), said) << "the second time it says something else";
}

TEST(device, says_how_much_memory_it_could_not_have) {
  const std::string said = said_of_too_much_memory();
  EXPECT_EQ(said.rfind("knit: allocation of 9007199254740992 bytes of a GPU: ", 0), 0u) << said;
}

TEST(device, copies_no_more_than_there_is) {
  EXPECT_EQ(said_of_too_long_a_copy(), "knit: a copy of 1 elements where memory of a GPU has 0; copy no more than that");
}
