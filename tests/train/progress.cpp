// SPDX-License-Identifier: BSL-1.0
// progress.cpp -- in: train/progress.hpp, a clock that the test moves. out: Knet's line, at its three times, and the elements
// as they are.

#include <knit/train/views.hpp>

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include <range/v3/view/iota.hpp>
#include <range/v3/view/transform.hpp>

namespace {

using namespace knit;

struct screen {
  std::ostringstream text;
  double time = 0;
  progress_options options(double seconds, long steps, bool terminal = false) {
    return {.seconds = seconds, .steps = steps, .to = &text, .terminal = terminal, .now = [this] { return time; }};
  }
  /// 1, 2, ..., n, each `seconds` after the one before.
  auto numbers(int n, double seconds) {
    return ranges::views::iota(1, n + 1) | ranges::views::transform([this, seconds](int i) {
             time += seconds;
             return i;
           });
  }
};

TEST(progress, writes_the_line_of_Knet) {
  screen s;
  long n = 0;
  for (float x :
       s.numbers(1040, 96.0 / 903) | ranges::views::transform([](int) { return 3.87835f; }) | progress(s.options(0, 903, true))) {
    n += x > 0;
    if (n == 903) break;
  }
  EXPECT_EQ(n, 903);
  const std::string line = "\r┣█████████████████▎  ┫ [86.83%, 903/1040, 01:36/01:51, 9.41i/s] 3.87835\033[K";
  // The first element, the 903rd, and the end, since the range is left.
  EXPECT_EQ(s.text.str(), "\r┣                    ┫ [0.10%, 1/1040, 00:00/01:51, 9.41i/s] 3.87835\033[K" + line + line + "\n");
}

TEST(progress, is_line_after_line_off_a_terminal) {
  screen s;
  EXPECT_EQ(s.numbers(5, 0.5) | progress(s.options(1, 0)) | run(), 5);
  EXPECT_EQ(s.text.str(), "[20.00%, 1/5, 00:01/00:03, 2.00i/s] 1\n"
                          "[60.00%, 3/5, 00:02/00:03, 2.00i/s] 3\n"
                          "[100.00%, 5/5, 00:03/00:03, 2.00i/s] 5\n"
                          "[100.00%, 5/5, 00:03/00:03, 2.00i/s] 5\n");
}

TEST(progress, has_a_total_only_where_the_range_is_sized) {
  screen s;
  EXPECT_EQ(s.numbers(4, 4000) | until([](int x) { return x == 4; }) | progress("of some", s.options(0, 2)) | run(), 3);
  EXPECT_EQ(s.text.str(),
            "[1, 1:06:40, 4000.00s/i] of some\n"
            "[2, 2:13:20, 4000.00s/i] of some\n"
            "[3, 4:26:40, 5333.33s/i] of some\n");  // the fourth took its time, too
}

TEST(progress, shows_what_a_function_says_and_asks_it_only_for_a_line) {
  screen s;
  int asked = 0;
  const auto message = [&](int x, long n) {
    ++asked;
    return std::to_string(x * x) + " at " + std::to_string(n);
  };
  EXPECT_EQ(run(progress(s.numbers(100, 0.01), message, s.options(10, 0))), 100);
  EXPECT_EQ(s.text.str(),
            "[1.00%, 1/100, 00:00/00:01, 100.00i/s] 1 at 1\n[100.00%, 100/100, 00:01/00:01, 100.00i/s] 10000 at 100\n");
  EXPECT_EQ(asked, 2);
}

TEST(progress, is_transparent_and_lazy) {
  screen s;
  std::vector<int> v = {1, 2, 3}, seen;
  auto shown = v | progress(s.options(0, 1));
  auto at = shown.begin();
  EXPECT_EQ(s.text.str(), "");
  *at = 7;  // elements are passed on as they are
  EXPECT_EQ(v[0], 7);
  EXPECT_EQ(s.text.str(), "[33.33%, 1/3, 00:00/00:00, ?i/s] 1\n") << "shown before it was changed, and once";
  for (int x : shown) seen.push_back(x);
  EXPECT_EQ(seen, v);
}

TEST(progress, of_nothing_is_nothing_and_of_each_pass_its_own) {
  screen s;
  EXPECT_EQ(s.numbers(0, 1) | progress(s.options(0, 1)) | run(), 0);
  EXPECT_EQ(s.text.str(), "");
  auto one = s.numbers(1, 2) | progress("x", s.options(0, 5));
  EXPECT_EQ(run(one), 1);
  EXPECT_EQ(run(one), 1);
  const std::string pass = "[100.00%, 1/1, 00:02/00:02, 2.00s/i] x\n";
  EXPECT_EQ(s.text.str(), pass + pass + pass + pass);
}

TEST(progress, goes_to_stderr) {
  testing::internal::CaptureStderr();
  const std::vector<double> v = {2.5};
  EXPECT_EQ(v | progress | run(), 1);
  EXPECT_EQ(testing::internal::GetCapturedStderr().substr(0, 21), "[100.00%, 1/1, 00:00/");
}

}  // namespace
