// SPDX-License-Identifier: BSL-1.0
// log.cpp -- in: train/log.hpp, losses. out: a line of JSON for each, that is there before the next.

#include <knit/knit.hpp>
#include <knit/train/log.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iostream>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "../temporary_folder.hpp"

namespace {

using namespace knit;

TEST(log_to, writes_a_line_for_each_loss) {
  std::ostringstream out;
  double time = 100, right = 0.5;
  const std::vector<float> losses{0.1f, 2, std::numeric_limits<float>::infinity(), std::nanf("")};
  const auto log = log_to(out, {{"accuracy", [&] { return right += 0.25; }}, {"a \"b\"\n", [] { return 1e300; }}},
                          {.every = 600, .after = 1200, .now = [&] { return time += 0.5; }});
  EXPECT_EQ(losses | tap(log) | run(), 4);
  EXPECT_EQ(out.str(), "{\"step\":1800,\"seconds\":0.5,\"loss\":0.1,\"accuracy\":0.75,\"a \\\"b\\\"\\n\":1e+300}\n"
                       "{\"step\":2400,\"seconds\":1,\"loss\":2,\"accuracy\":1,\"a \\\"b\\\"\\n\":1e+300}\n"
                       "{\"step\":3000,\"seconds\":1.5,\"loss\":null,\"accuracy\":1.25,\"a \\\"b\\\"\\n\":1e+300}\n"
                       "{\"step\":3600,\"seconds\":2,\"loss\":null,\"accuracy\":1.5,\"a \\\"b\\\"\\n\":1e+300}\n");
}

TEST(log_to, is_flushed_line_by_line) {
  const temporary_folder folder;
  const auto path = folder / "log.jsonl";
  std::ofstream(path) << "of an earlier run\n";
  std::vector<long> lines;
  const std::vector<double> losses{1.0 / 3, 0.25};
  losses | tap(log_to(path)) | tap([&](double) {
    const std::string text = contents(path);
    lines.push_back(std::ranges::count(text, '\n'));
  }) | run();
  EXPECT_EQ(lines, (std::vector{1l, 2l}));
  const std::string text = contents(path);
  EXPECT_TRUE(text.starts_with("{\"step\":1,\"seconds\":"));
  EXPECT_NE(text.find(",\"loss\":0.3333333333333333}\n{\"step\":2,"), std::string::npos) << text;
}

TEST(log_to, says_what_is_wrong) {
  EXPECT_THROW(log_to("/nowhere/at/all.jsonl"), data_error);
  EXPECT_THROW(log_to(std::cerr, {{"loss", [] { return 0.0; }}}), std::invalid_argument);
  EXPECT_THROW(log_to(std::cerr, {{"a", [] { return 0.0; }}, {"a", [] { return 1.0; }}}), std::invalid_argument);
  const temporary_folder folder;
  const auto path = folder / "log.jsonl";
  std::ofstream(path) << "of an earlier run\n";
  for (long every : {0l, -1l}) EXPECT_THROW(log_to(path, {}, {.every = every}), std::invalid_argument);
  EXPECT_EQ(contents(path), "of an earlier run\n");
  std::ostringstream broken;
  broken.setstate(std::ios::badbit);
  auto log = log_to(broken);
  EXPECT_THROW(log(1.0f), std::runtime_error);
}

}  // namespace
