// SPDX-License-Identifier: BSL-1.0
// compositions.cpp -- in: train/*.hpp, in any order. out: elements, updates and batches drawn are those of plain iterators
// that do one thing after the other, as Julia's do; the table of docs/training.md.

#include <knit/core/philox.hpp>
#include <knit/train/views.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include <range/v3/range/conversion.hpp>
#include <range/v3/view/any_view.hpp>

namespace {

using namespace knit;

struct batch {
  int x, y;
};
/// A pass over `size` batches, each counted when it is drawn.
struct source {
  static constexpr ranges::cardinality cardinality = ranges::finite;
  int length, *drawn;
  int at = 0;
  bool here = false;

  void begin() { at = 0, here = false; }
  bool over() { return at == length; }
  batch read() {
    if (!here) ++*drawn, here = true;
    return {at, -at};
  }
  void next() {
    read();
    ++at, here = false;
  }
  std::size_t size() const { return std::size_t(length); }
};

/// A loss that falls, with noise, so that converge ends sometimes.
float loss_of(int update) { return 3 / (1 + 0.3f * float(update)) + uniform01(philox(3, 0, std::uint64_t(update))[0]) * 0.5f; }
/// What a program of training is to the ranges, without a program.
struct counting_step {
  using value_type = float;
  int updates = 0;
  float operator()(int x, int y) {
    EXPECT_EQ(x, -y);
    return loss_of(updates++);
  }
};

// ---- the same by plain iterators -------------------------------------------------------------------------

struct plain {
  std::function<void()> start;
  std::function<std::optional<float>()> next;
};
plain plain_source(int length, int& drawn) {
  auto at = std::make_shared<int>(0);
  return {[=] { *at = 0; }, [=, &drawn]() -> std::optional<float> {
            if (*at == length) return {};
            ++drawn;
            return float((*at)++);
          }};
}
plain plain_train(plain p, int& updates) {
  return {p.start, [=, &updates]() -> std::optional<float> { return p.next() ? std::optional(loss_of(updates++)) : std::nullopt; }};
}
plain plain_take(plain p, int n) {
  auto left = std::make_shared<int>(0);
  return {[=] { *left = n, p.start(); }, [=]() -> std::optional<float> { return (*left)-- > 0 ? p.next() : std::nullopt; }};
}
plain plain_takenth(plain p, int n) {
  return {p.start, [=] {
            std::optional<float> x;
            for (int k = 0; k < n; ++k)
              if (x = p.next(); !x) break;
            return x;
          }};
}
/// n passes, or, with n < 0, passes without end.
plain plain_passes(plain p, int n) {
  auto begun = std::make_shared<int>(0);
  return {[=] { *begun = 0; }, [=]() -> std::optional<float> {
            std::optional<float> x;
            if (*begun > 0) x = p.next();
            for (bool empty = false; !x && *begun != n; empty = true) {
              if (empty && n < 0) throw std::length_error("");
              p.start();
              ++*begun;
              x = p.next();
            }
            return x;
          }};
}
plain plain_converge(plain p, double alpha) {
  struct means {
    double x = 0, rise = 0;
    bool begun = false;
  };
  auto m = std::make_shared<means>();
  return {[=] { *m = {}, p.start(); }, [=]() -> std::optional<float> {
            const auto x = p.next();
            if (!x) return x;
            if (!m->begun) m->x = *x, m->begun = true;
            const double above = *x - m->x;
            m->x = alpha * *x + (1 - alpha) * m->x;
            m->rise = alpha * above + (1 - alpha) * m->rise;
            return m->rise > 0 ? std::nullopt : x;
          }};
}

// ---- drawn compositions ----------------------------------------------------------------------------------

template <class T> using any = ranges::any_view<T, ranges::category::input>;

struct draws {
  std::uint64_t seed, n = 0;
  int below(int most) { return int(philox(seed, 1, n++)[0] % std::uint32_t(most)); }
};

struct both {
  plain p;
  std::string what;
};
/// One of the views before (batches) or after (losses) the step.
template <class T> any<T> grown(any<T> r, both& b, draws& d, std::ostream& sink, int& tapped) {
  const int n = 1 + d.below(4);
  const std::string number = "(" + std::to_string(n) + ") ";
  switch (d.below(std::is_same_v<T, float> ? 7 : 6)) {
    case 0: b = {plain_take(b.p, 2 * n), b.what + "take(2*" + number}; return r | take(2 * n);
    case 1: b = {plain_takenth(b.p, n), b.what + "takenth" + number}; return r | takenth(n);
    case 2: b = {plain_passes(b.p, n - 1), b.what + "repeat(-1+" + number}; return r | repeat(n - 1);
    case 3: b = {plain_passes(b.p, -1), b.what + "cycle "}; return r | cycle;
    case 4: b.what += "progress "; return r | progress({.steps = n, .to = &sink, .now = [] { return 0.0; }});
    case 5: b.what += "tap "; return r | tap([&tapped](auto const&) { ++tapped; });
    default:
      if constexpr (std::is_same_v<T, float>) {
        b = {plain_converge(b.p, 0.2 * n), b.what + "converge" + number};
        return r | converge(0.2 * n);
      }
  }
  return r;
}

TEST(compositions, do_what_plain_iterators_do) {
  int ended = 0, threw = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    draws d{seed};
    const int length = d.below(8), most = d.below(30);
    int drawn = 0, plain_drawn = 0, plain_updates = 0, tapped = 0;
    counting_step step;
    std::ostringstream sink;
    both b{plain_source(length, plain_drawn), std::to_string(length) + " batches "};
    any<batch> data = stage_view(source{length, &drawn});
    for (int k = d.below(3); k > 0; --k) data = grown(data, b, d, sink, tapped);
    b = {plain_train(b.p, plain_updates), b.what + "train "};
    any<float> losses = data | train(step);
    for (int k = d.below(4); k > 0; --k) losses = grown(losses, b, d, sink, tapped);
    b.p = plain_take(b.p, most);
    auto taken = losses | take(most);

    // Twice, since a second pass begins anew.
    for (int pass = 0; pass < 2; ++pass) {
      std::vector<float> got, expected;
      bool fails = false, plain_fails = false;
      try {
        for (float l : taken) got.push_back(l);
      } catch (std::length_error const&) {
        fails = true;
      }
      try {
        for (b.p.start();;) {
          if (const auto l = b.p.next()) expected.push_back(*l);
          else break;
        }
      } catch (std::length_error const&) {
        plain_fails = true;
      }
      const std::string what = b.what + "take(" + std::to_string(most) + "), pass " + std::to_string(pass);
      ASSERT_EQ(fails, plain_fails) << what;
      ASSERT_EQ(got, expected) << what;
      ASSERT_EQ(step.updates, plain_updates) << what;
      ASSERT_EQ(drawn, plain_drawn) << what;
      ended += int(got.size()) < most;
      threw += fails;
    }
  }
  EXPECT_GT(ended, 500);  // else little was tried
  EXPECT_GT(threw, 50);
}

// ---- the table of docs/training.md -----------------------------------------------------------------------

template <class Make> void counts(char const* what, Make make, int elements, int updates, int drawn) {
  int d = 0;
  counting_step step;
  EXPECT_EQ(make(stage_view(source{10, &d}), step) | run(), elements) << what;
  EXPECT_EQ(step.updates, updates) << what;
  EXPECT_EQ(d, drawn) << what;
}
TEST(compositions, of_the_table) {
  using data = stage_view<source>;
  using step = counting_step;
  counts("one epoch", [](data d, step& s) { return d | train(s); }, 10, 10, 10);
  counts("n epochs", [](data d, step& s) { return d | repeat(3) | train(s); }, 30, 30, 30);
  counts("epochs of training", [](data d, step& s) { return d | train(s) | repeat(3); }, 30, 30, 30);
  counts("n steps", [](data d, step& s) { return d | cycle | train(s) | take(25); }, 25, 25, 25);
  counts("n batches", [](data d, step& s) { return d | cycle | take(25) | train(s); }, 25, 25, 25);
  counts("every third", [](data d, step& s) { return d | train(s) | takenth(3); }, 3, 10, 10);
  counts("two of every third", [](data d, step& s) { return d | train(s) | takenth(3) | take(2); }, 2, 6, 6);
  counts("every third of five", [](data d, step& s) { return d | train(s) | take(5) | takenth(3); }, 1, 5, 5);
  counts("every third batch", [](data d, step& s) { return d | takenth(3) | train(s); }, 3, 3, 10);
  counts("the first ones each time", [](data d, step& s) { return d | take(2) | repeat(3) | train(s); }, 6, 6, 6);
  counts("five of three epochs", [](data d, step& s) { return d | repeat(3) | take(5) | train(s); }, 5, 5, 5);
  counts("until an element", [](data d, step& s) { return d | cycle | train(s) | until([n = 0](float) mutable { return ++n == 8; }); }, 7, 8, 8);
  counts("some of until", [](data d, step& s) { return d | cycle | train(s) | until([n = 0](float) mutable { return ++n == 8; }) | take(7); }, 7, 7, 7);
  counts("made ahead", [](data d, step& s) { return d | prefetch | train(s); }, 10, 10, 10);
  counts("nothing", [](data d, step& s) { return d | cycle | train(s) | take(0); }, 0, 0, 0);
}

TEST(compositions, that_end_early_may_have_been_ahead) {
  int drawn = 0;
  counting_step step;
  EXPECT_EQ(stage_view(source{10, &drawn}) | prefetch | train(step) | take(5) | run(), 5);
  EXPECT_EQ(step.updates, 5);
  EXPECT_GE(drawn, 5);
  EXPECT_LE(drawn, 8);
}
TEST(compositions, of_no_batches_and_of_one) {
  for (int length : {0, 1}) {
    int drawn = 0;
    counting_step step;
    std::vector<float> log;
    std::ostringstream sink;
    const auto data = [&] { return stage_view(source{length, &drawn}); };
    EXPECT_EQ(data() | train(step) | run(), length);
    EXPECT_EQ(data() | repeat(3) | train(step) | run(), 3 * length);
    EXPECT_EQ(data() | train(step) | repeat(3) | record(log) | run(), 3 * length);
    EXPECT_EQ(data() | train(step) | takenth(2) | run(), 0);
    EXPECT_EQ(data() | take(5) | train(step) | take(5) | run(), length);
    EXPECT_EQ(data() | train(step) | converge | run(), length);
    EXPECT_EQ(data() | train(step) | early_stop([](float x) { return x; }, 1) | run(), length);
    EXPECT_EQ(data() | prefetch | train(step) | progress(progress_options{.to = &sink}) | run(), length);
    EXPECT_EQ(step.updates, drawn);
    EXPECT_EQ(log.size(), std::size_t(3 * length));
  }
}

TEST(compositions, know_their_size_where_it_can_be_known) {
  int drawn = 0;
  counting_step step;
  const auto sized = [&] { return stage_view(source{10, &drawn}); };
  EXPECT_EQ(ranges::size(sized() | train(step)), 10u);
  EXPECT_EQ(ranges::size(sized() | repeat(3) | train(step) | takenth(4)), 7u);
  EXPECT_EQ(ranges::size(sized() | cycle | train(step) | take(25) | progress | tap([](float) {})), 25u);
  EXPECT_EQ(ranges::size(sized() | train(step) | take(25)), 10u);
  EXPECT_EQ(ranges::size(sized() | prefetch | train(step)), 10u);
  static_assert(!ranges::sized_range<decltype(sized() | train(step) | converge)>);
  static_assert(!ranges::sized_range<decltype(sized() | cycle | train(step))>);
  static_assert(ranges::is_infinite<decltype(sized() | cycle | train(step) | takenth(3) | progress)>::value);
  EXPECT_EQ(drawn, 0);
}

TEST(compositions, are_functions_too) {
  int drawn = 0;
  counting_step step;
  std::vector<float> log;
  auto data = stage_view(source{10, &drawn});
  EXPECT_EQ(run(record(takenth(take(repeat(data, 3) | train(step), 25), 4), log)), 6);
  EXPECT_EQ(step.updates, 25);
  ASSERT_EQ(log.size(), 6u);
  for (int k = 0; k < 6; ++k) EXPECT_EQ(log[std::size_t(k)], loss_of(4 * k + 3));
}

TEST(compositions, are_ranges_of_the_standard) {
  int drawn = 0;
  counting_step step;
  auto losses = stage_view(source{10, &drawn}) | cycle | train(step) | takenth(2) | take(4);
  static_assert(std::ranges::input_range<decltype(losses)>);
  float sum = 0;
  std::ranges::for_each(losses, [&](float l) { sum += l; });
  EXPECT_FLOAT_EQ(sum, loss_of(1) + loss_of(3) + loss_of(5) + loss_of(7));
  EXPECT_EQ(step.updates, 8);
  const auto found = std::ranges::find_if(losses, [n = 0](float) mutable { return ++n == 2; });
  EXPECT_EQ(*found, loss_of(11));
  EXPECT_EQ(step.updates, 12);
}

TEST(tap, does_it_once_for_each_element_read_or_passed) {
  int drawn = 0;
  counting_step step;
  std::vector<float> all, third;
  auto losses = stage_view(source{10, &drawn}) | train(step) | record(all) | takenth(3) | tap([&](float l) {
    EXPECT_EQ(step.updates, int(all.size()));  // the update before is made, the one after not
    third.push_back(l);
  });
  auto at = losses.begin();
  EXPECT_EQ(third.size(), 0u);
  EXPECT_EQ(*at, *at);
  EXPECT_EQ(third, (std::vector<float>{loss_of(2)}));
  ++at;
  ++at;  // nobody read the second
  EXPECT_EQ(third, (std::vector<float>{loss_of(2), loss_of(5)}));
  EXPECT_EQ(all.size(), 6u);
}

TEST(views, refuse_numbers_that_mean_nothing) {
  const std::vector<float> v = {1, 2};
  const auto says = [](auto make, char const* sentence) {
    try {
      make();
      ADD_FAILURE() << "nothing was thrown instead of: " << sentence;
    } catch (std::invalid_argument const& e) {
      EXPECT_STREQ(e.what(), sentence);
    }
  };
  says([&] { v | takenth(0); }, "knit: takenth takes every n-th element with n from 1 on, not 0");
  says([&] { v | take(-1); }, "knit: take takes a number of elements from 0 on, not -1");
  says([&] { v | repeat(-1); }, "knit: repeat takes a number of passes from 0 on, not -1");
  says([&] { v | converge(0.0); }, "knit: converge takes alpha above 0 and at most 1, not 0.000000");
  says([&] { v | early_stop([](float x) { return x; }, 0); }, "knit: early_stop waits for a number of elements from 1 on, not 0");
}

}  // namespace
