// SPDX-License-Identifier: BSL-1.0
// prefetch.cpp -- in: train/prefetch.hpp. out: the batches, their order and what making them throws are those without it;
// they are made on another thread, so far ahead and no further, and that thread ends when its pass does.

#include <knit/data/minibatch.hpp>
#include <knit/train/views.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

using namespace knit;

/// Three numbers in the memory of whoever made them.
struct numbered {
  view<float, 3> x;
  int y;
};
struct watched {
  std::atomic<int> drawn = 0;
  std::atomic<std::thread::id> by;
  int sized = 0;
};
/// Batches 0, 1, ... of `length`, each where the last one was; number `fails` is not to be had.
struct source {
  static constexpr ranges::cardinality cardinality = ranges::finite;
  int length;
  watched* seen;
  int fails = -1, at = 0;
  bool here = false;
  std::vector<float> memory = {0, 0, 0};

  void begin() { at = 0, here = false; }
  bool over() { return at == length; }
  numbered read() {
    if (at == fails) throw std::runtime_error("batch " + std::to_string(at));
    if (!here) ++seen->drawn, here = true;
    seen->by = std::this_thread::get_id();
    for (int i = 0; i < 3; ++i) memory[std::size_t(i)] = float(10 * at + i);
    return {view<float, 3>(memory.data()), -at};
  }
  void next() { ++at, here = false; }
  std::size_t size() const { return ++seen->sized, std::size_t(length); }
};
auto batches(int length, watched& w, int fails = -1) { return stage_view(source{length, &w, fails}); }

/// Whether it comes to hold; it waits for long only where it does not.
template <class F> bool comes(F const& condition) {
  for (int ms = 0; ms < 10000 && !condition(); ++ms) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return condition();
}
void expect_batch(numbered const& b, int number) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(b.x[i], float(10 * number + i));
  EXPECT_EQ(b.y, -number);
}
/// Reads a pass, of at most so many.
template <class View> int read_all(View& view, int most = 1000) {
  int n = 0;
  for (auto const& b : view) {
    expect_batch(b, n);
    if (++n == most) break;
  }
  return n;
}

TEST(prefetch, hands_on_what_is_before_it_in_each_pass) {
  watched w;
  for (int length : {0, 1, 2, 3, 50})
    for (int ahead : {1, 2, 7, 100}) {
      auto view = batches(length, w) | prefetch(ahead);
      EXPECT_EQ(view.size(), std::size_t(length));
      for (int pass = 0; pass < 3; ++pass) EXPECT_EQ(read_all(view), length);
    }
}

TEST(prefetch, is_as_far_ahead_as_it_may_be_and_no_further) {
  watched w;
  auto view = prefetch(batches(100, w), 3);
  auto at = view.begin();
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(w.drawn, 0) << "nothing is done before it is asked for";
  const numbered first = *at;
  EXPECT_NE(w.by.load(), std::this_thread::get_id());
  EXPECT_TRUE(comes([&] { return w.drawn == 4; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(w.drawn, 4);
  expect_batch(first, 0);  // though the source has written over its own since
  ++at;
  EXPECT_TRUE(comes([&] { return w.drawn == 5; }));
  expect_batch(*at, 1);
  expect_batch(*at, 1);
  ++at, ++at;  // one that nobody reads
  expect_batch(*at, 3);
}

TEST(prefetch, throws_where_the_batch_would_be) {
  watched w;
  auto view = batches(10, w, 4) | prefetch;
  for (int pass = 0; pass < 2; ++pass) {
    int n = 0;
    try {
      for (auto const& b : view) expect_batch(b, n++);
      FAIL() << "nothing was thrown";
    } catch (std::runtime_error const& e) {
      EXPECT_STREQ(e.what(), "batch 4");
    }
    EXPECT_EQ(n, 4);
  }
  auto unread = batches(10, w, 1) | prefetch;
  EXPECT_EQ(read_all(unread, 1), 1);  // what was not asked for does not throw
  const std::vector<numbered> nothing;
  auto none = nothing | cycle | prefetch;
  EXPECT_THROW(read_all(none), std::length_error);
}

TEST(prefetch, may_be_left_early_begun_anew_and_dropped) {
  watched w;
  for (int round = 0; round < 200; ++round) {
    auto view = batches(1000000, w) | prefetch(1 + round % 3);
    EXPECT_EQ(read_all(view, 1 + round % 5), 1 + round % 5);
    EXPECT_EQ(read_all(view, 2), 2);
  }
  const int drawn = w.drawn;
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(w.drawn, drawn) << "nobody draws any more";
  { auto unbegun = batches(3, w) | prefetch; }
  EXPECT_EQ(w.drawn, drawn);
}

TEST(prefetch, of_shuffled_batches_is_the_same_epochs) {
  std::vector<std::uint8_t> x, y;
  for (int i = 0; i < 23; ++i) {
    x.insert(x.end(), {std::uint8_t(i), std::uint8_t(2 * i), std::uint8_t(255 - i)});
    y.push_back(std::uint8_t(i % 7));
  }
  const instances<3> data(std::move(x), std::move(y), 7);
  const auto bytes = [](auto view, int passes) {
    std::vector<std::vector<int>> all;
    for (int pass = 0; pass < passes; ++pass)
      for (auto const b : view) {
        all.emplace_back();
        for (long i = 0; i < b.x.size(); ++i) all.back().push_back(int(b.x[i]));
        for (long i = 0; i < b.y.size(); ++i) all.back().push_back(int(b.y[i]));
      }
    return all;
  };
  using some = minibatch_view<3, dyn<"batch", 5>>;
  const auto shuffled = [&] { return data | minibatch<dyn<"batch", 5>>(shuffle_by{4}); };
  auto const plain = bytes(shuffled(), 3);
  ASSERT_EQ(plain.size(), 15u);
  EXPECT_EQ(plain[4].size(), 3u * 4);  // the last ones of an epoch
  EXPECT_EQ(bytes(shuffled() | prefetch, 3), plain);
  EXPECT_EQ(bytes(shuffled() | prefetch(9) | repeat(3), 1), plain);
  EXPECT_EQ(bytes(shuffled() | cycle | prefetch | take(15), 1), plain);
  static_assert(std::is_same_v<ranges::range_value_t<decltype(shuffled() | prefetch)>, ranges::range_value_t<some>>);
  static_assert(ranges::is_infinite<decltype(shuffled() | cycle | prefetch)>::value);
}

/// What a program of training is to the ranges.
struct counting_step {
  using value_type = float;
  int updates = 0;
  float operator()(view<float, 3> const& x, int y) {
    EXPECT_EQ(x[0], float(-10 * y));
    return float(++updates);
  }
};
TEST(prefetch, asks_for_no_size_while_the_other_thread_is_at_it) {
  watched w;
  auto view = batches(10, w) | prefetch;
  EXPECT_EQ(read_all(view, 3), 3);  // left early, so the thread is still there
  const int sized = w.sized;
  EXPECT_EQ(view.size(), 10u);
  EXPECT_EQ(w.sized, sized);
}

TEST(prefetch, makes_batches_ahead_but_no_steps) {
  watched w;
  counting_step step;
  EXPECT_EQ(batches(10, w) | prefetch | cycle | train(step) | take(25) | run(), 25);
  EXPECT_EQ(step.updates, 25);
}

TEST(prefetch, refuses_to_make_none_ahead) {
  watched w;
  try {
    batches(1, w) | prefetch(0);
    FAIL() << "nothing was thrown";
  } catch (std::invalid_argument const& e) {
    EXPECT_STREQ(e.what(), "knit: prefetch makes a number of batches ahead from 1 on, not 0");
  }
}

}  // namespace
