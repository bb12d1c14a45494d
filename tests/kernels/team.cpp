// SPDX-License-Identifier: BSL-1.0
// team.cpp -- in: team.hpp. out: a job runs once on each of its threads, awake or asleep, few or many, and not within a job.

#include <knit_kernels/team.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <set>
#include <thread>
#include <vector>

namespace {

using knit::simd::meeting;
using knit::simd::team;

TEST(team, runs_a_job_once_on_each_thread) {
  for (int threads : {1, 2, 3, 8, 2, 1, 5}) {
    std::vector<int> calls(8);
    std::vector<std::thread::id> who(8);
    ASSERT_TRUE(team::of_process().run(threads, [&](int t) {
      ++calls[std::size_t(t)];
      who[std::size_t(t)] = std::this_thread::get_id();
    }));
    EXPECT_EQ(who[0], std::this_thread::get_id());
    for (int t = 0; t < 8; ++t) EXPECT_EQ(calls[std::size_t(t)], t < threads) << t;
    EXPECT_EQ(std::set(who.begin(), who.begin() + threads).size(), std::size_t(threads));
  }
}

TEST(team, starts_threads_before_the_job_that_they_are_for) {
  team& all = team::of_process();
  all.start(12);
  EXPECT_EQ(all.size(), 11);
  std::atomic<int> calls{0};
  ASSERT_TRUE(all.run(12, [&](int) { ++calls; }));
  EXPECT_EQ(calls, 12);
  ASSERT_TRUE(all.run(3, [&](int) { all.start(20); }));  // within a job: nothing
  EXPECT_EQ(all.size(), 11);
}

TEST(team, starts_threads_after_the_job_of_another_thread) {
  team& all = team::of_process();
  const int before = all.size();
  std::atomic<bool> at_work{false}, over{false};
  std::thread other([&] {
    all.run(2, [&](int) {
      at_work = true;
      while (!over) std::this_thread::yield();
    });
  });
  while (!at_work) std::this_thread::yield();
  std::thread ends([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    over = true;
  });
  all.start(before + 3);
  EXPECT_TRUE(over);
  EXPECT_EQ(all.size(), before + 2);
  other.join();
  ends.join();
}

TEST(team, wakes_threads_that_have_gone_to_sleep) {
  for (int round = 0; round < 5; ++round) {
    std::array<int, 3> calls{};
    ASSERT_TRUE(team::of_process().run(3, [&](int t) { ++calls[std::size_t(t)]; }));
    EXPECT_EQ(calls, (std::array{1, 1, 1}));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

TEST(team, sees_what_each_job_wrote) {
  // Many short jobs one after the other, each on what the one before left.
  std::vector<long> value(4, 0);
  for (long round = 0; round < 5000; ++round)
    team::of_process().run(4, [&](int t) { value[std::size_t(t)] = value[std::size_t(t)] + round; });
  for (long v : value) EXPECT_EQ(v, 5000L * 4999 / 2);
}

TEST(team, is_not_there_for_a_job_within_a_job) {
  bool inner = true, other = true;
  ASSERT_TRUE(team::of_process().run(2, [&](int t) {
    bool const ran = team::of_process().run(2, [](int) {});
    (t == 0 ? inner : other) = ran;
  }));
  EXPECT_FALSE(inner);
  EXPECT_FALSE(other);
  EXPECT_TRUE(team::of_process().run(2, [](int) {}));
}

TEST(meeting, lets_nobody_pass_before_all_are_there) {
  constexpr int threads = 5, rounds = 100;
  meeting gather;
  std::array<std::array<int, 16>, threads> at{};  // lines of their own
  std::atomic<int> early{0};
  team::of_process().run(threads, [&](int t) {
    for (int r = 1; r <= rounds; ++r) {
      at[std::size_t(t)][0] = r;
      gather.wait(threads);
      for (auto const& other : at) early += other[0] != r;
      gather.wait(threads);
    }
  });
  EXPECT_EQ(early, 0);
}

}  // namespace
