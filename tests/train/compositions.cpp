// SPDX-License-Identifier: BSL-1.0
// compositions.cpp -- in: train/*.hpp, in any order. out: elements, updates and batches drawn are those of plain iterators
// that do one thing after the other, as Julia's do; the table of docs/training.md.

#include <knit/core/philox.hpp>
#include <knit/train/views.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
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
  int length;
  std::atomic<int>* drawn;  // by another thread, too
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
  return {[=] { *at = 0; },
          [=, &drawn]() -> std::optional<float> {
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
  return {[=] { *begun = 0; },
          [=]() -> std::optional<float> {
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
template <class Judge> plain plain_until(plain p, Judge judge) {
  auto now = std::make_shared<std::optional<Judge>>();
  return {[=] { now->emplace(judge), p.start(); },
          [=]() -> std::optional<float> {
            const auto x = p.next();
            return x && (**now)(*x) ? std::nullopt : x;
          }};
}
plain plain_converge(plain p, double alpha) {
  return plain_until(p, [alpha, mean = 0.0, rise = 0.0, begun = false](float x) mutable {
    if (!begun) mean = x, begun = true;
    const double above = x - mean;
    mean = alpha * x + (1 - alpha) * mean;
    rise = alpha * above + (1 - alpha) * rise;
    return rise > 0;
  });
}

// ---- drawn compositions ----------------------------------------------------------------------------------

template <class T> using any = ranges::any_view<T, ranges::category::input>;
template <class T> using any_sized = ranges::any_view<T, ranges::category::input | ranges::category::sized>;
/// A range without its type, but with its size where it has one.
template <class T> using some_range = std::variant<any<T>, any_sized<T>>;
template <class T> some_range<T> some(auto r) {
  if constexpr (ranges::sized_range<decltype(r)>) return any_sized<T>(std::move(r));
  else return any<T>(std::move(r));
}

struct draws {
  std::uint64_t seed, n = 0;
  int below(int most) { return int(philox(seed, 1, n++)[0] % std::uint32_t(most)); }
};

/// What tasks before the step (of batches) or behind it (of losses) have seen, and what those of plain iterators have.
template <class T> struct seen {
  std::atomic<int> tapped = 0;
  std::vector<T> log;
  std::deque<std::ostringstream> lines;
};
struct plain_seen {
  int tapped = 0;
  std::vector<float> log;
  struct counted {
    int every;
    long count = 0, lines = 0;
    void end() {  // a line for the first, each of `every`, and the end
      if (count > 0) lines += count / every + (every > 1) + 1;
      count = 0;
    }
  };
  std::deque<counted> progress;
};
plain plain_task(plain p, std::function<void()> start, std::function<void(float)> task) {
  return {[=] { start(), p.start(); },
          [=] {
            const auto x = p.next();
            if (x) task(*x);
            return x;
          }};
}

struct both {
  plain p;
  std::string what;
  bool ahead = false;  // batches may be made that nobody reads
};
/// One of the views before (batches) or after (losses) the step.
template <class T> some_range<T> grown(auto r, both& b, draws& d, seen<T>& now, plain_seen& then) {
  constexpr bool losses = std::is_same_v<T, float>;
  const int n = 1 + d.below(4);
  const std::string number = "(" + std::to_string(n) + ") ";
  const auto is = [&](plain p, std::string const& what) { b.p = std::move(p), b.what += what; };
  switch (d.below(losses ? 10 : 9)) {
    case 0: is(plain_take(b.p, 2 * n), "take(2*" + number); return some<T>(r | take(2 * n));
    case 1: is(plain_takenth(b.p, n), "takenth" + number); return some<T>(r | takenth(n));
    case 2: is(plain_passes(b.p, n - 1), "repeat(-1+" + number); return some<T>(r | repeat(n - 1));
    case 3: is(plain_passes(b.p, -1), "cycle "); return some<T>(r | cycle);
    case 4: {
      auto& shown = then.progress.emplace_back(plain_seen::counted{n});
      is(plain_task(
             b.p, [&] { shown.end(); }, [&](float) { ++shown.count; }),
         "progress" + number);
      return some<T>(r | progress({.steps = n, .to = &now.lines.emplace_back(), .now = [] { return 0.0; }}));
    }
    case 5:
      is(plain_task(
             b.p, [] {}, [&](float) { ++then.tapped; }),
         "tap ");
      return some<T>(r | tap([&](auto const&) { ++now.tapped; }));
    case 6:
      is(plain_task(
             b.p, [] {}, [&](float x) { then.log.push_back(x); }),
         "record ");
      return some<T>(r | record(now.log));
    case 7: {
      const auto judge = [left = int(n)](auto const&) mutable { return --left < 0; };
      is(plain_until(b.p, judge), "until" + number);
      return some<T>(r | until(judge));
    }
    case 8:
      if constexpr (losses) {
        is(plain_converge(b.p, 0.2 * n), "converge" + number);
        return some<T>(r | converge(0.2 * n));
      } else {
        b.ahead = true, b.what += "prefetch ";
        return some<T>(r | prefetch);
      }
    default:
      if constexpr (losses) {
        const auto judge = [n, least = std::numeric_limits<float>::infinity(), waited = 0](float x) mutable {
          waited = x < least ? 0 : waited + 1;
          least = std::min(least, x);
          return waited == n;
        };
        is(plain_until(b.p, judge), "early_stop" + number);
        return some<T>(r | early_stop([](float x) { return x; }, n));
      }
  }
  return some<T>(r);
}
template <class T> some_range<T> grown(some_range<T> r, int times, both& b, draws& d, seen<T>& now, plain_seen& then) {
  for (; times > 0; --times) r = std::visit([&](auto one) { return grown<T>(one, b, d, now, then); }, r);
  return r;
}
/// What tasks have seen when all passes are over, and what they should have.
template <class T> void compare(seen<T> const& now, plain_seen& then, bool ahead, std::string const& what) {
  std::vector<float> log;
  for (T const& x : now.log) {
    if constexpr (std::is_same_v<T, float>) log.push_back(x);
    else log.push_back(float(x.x));
  }
  if (ahead) {
    EXPECT_GE(now.tapped, then.tapped) << what;
    EXPECT_GE(log.size(), then.log.size()) << what;
    return;
  }
  EXPECT_EQ(now.tapped, then.tapped) << what;
  EXPECT_EQ(log, then.log) << what;
  for (std::size_t k = 0; k < then.progress.size(); ++k) {
    then.progress[k].end();
    const std::string text = now.lines[k].str();
    EXPECT_EQ(std::ranges::count(text, '\n'), then.progress[k].lines) << what << '\n' << text;
  }
}

struct tally {
  int ended = 0, threw = 0, sized = 0, ahead = 0, tapped = 0, logged = 0, shown = 0;
};
void draw_and_compare(std::uint64_t seed, tally& all) {
  draws d{seed};
  const int length = d.below(8), most = d.below(30);
  std::atomic<int> drawn = 0;
  int plain_drawn = 0, plain_updates = 0;
  counting_step step;
  seen<batch> of_batches;
  seen<float> of_losses;
  plain_seen plain_of_batches, plain_of_losses;
  both b{plain_source(length, plain_drawn), std::to_string(length) + " batches "};
  auto data = grown(some<batch>(stage_view(source{length, &drawn})), d.below(3), b, d, of_batches, plain_of_batches);
  b = {plain_train(b.p, plain_updates), b.what + "train ", b.ahead};
  auto losses = std::visit([&](auto batches) { return some<float>(batches | train(step)); }, std::move(data));
  data = {};
  losses = grown(std::move(losses), d.below(4), b, d, of_losses, plain_of_losses);
  b.p = plain_take(b.p, most);
  losses = std::visit([&](auto some_losses) { return some<float>(some_losses | take(most)); }, std::move(losses));

  // Twice, since a second pass begins anew.
  for (int pass = 0; pass < 2; ++pass) {
    std::vector<float> got, expected;
    std::optional<std::size_t> size;
    bool fails = false, plain_fails = false;
    try {
      std::visit(
          [&](auto& taken) {
            if constexpr (ranges::sized_range<decltype(taken)>) size = std::size_t(ranges::size(taken));
            for (float l : taken) got.push_back(l);
          },
          losses);
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
    if (b.ahead) ASSERT_GE(drawn, plain_drawn) << what;
    else ASSERT_EQ(drawn, plain_drawn) << what;
    if (size && !fails) ASSERT_EQ(*size, expected.size()) << what;
    all.ended += int(got.size()) < most;
    all.threw += fails;
    all.sized += size.has_value();
  }
  losses = {};  // the end of all passes
  compare(of_batches, plain_of_batches, b.ahead, b.what);
  compare(of_losses, plain_of_losses, false, b.what);
  all.ahead += b.ahead;
  all.tapped += plain_of_losses.tapped;
  all.logged += int(plain_of_losses.log.size());
  for (auto const& p : plain_of_losses.progress) all.shown += int(p.lines);
}
TEST(compositions, do_what_plain_iterators_do) {
  tally all;
  for (std::uint64_t seed = 0; seed < 3000 && !HasFailure(); ++seed) draw_and_compare(seed, all);
  EXPECT_GT(all.ended, 500);  // else little was tried
  EXPECT_GT(all.threw, 50);
  EXPECT_GT(all.sized, 500);
  EXPECT_GT(all.ahead, 100);
  EXPECT_GT(all.tapped, 500);
  EXPECT_GT(all.logged, 500);
  EXPECT_GT(all.shown, 500);
}

// ---- the table of docs/training.md -----------------------------------------------------------------------

template <class Make> void counts(char const* what, Make make, int elements, int updates, int drawn) {
  std::atomic<int> d = 0;
  counting_step step;
  EXPECT_EQ(make(stage_view(source{10, &d}), step) | run(), elements) << what;
  EXPECT_EQ(step.updates, updates) << what;
  EXPECT_EQ(d, drawn) << what;
}
TEST(compositions, of_the_table) {
  using data = stage_view<source>;
  using step = counting_step;
  counts(
      "one epoch", [](data d, step& s) { return d | train(s); }, 10, 10, 10);
  counts(
      "n epochs", [](data d, step& s) { return d | repeat(3) | train(s); }, 30, 30, 30);
  counts(
      "epochs of training", [](data d, step& s) { return d | train(s) | repeat(3); }, 30, 30, 30);
  counts(
      "n steps", [](data d, step& s) { return d | cycle | train(s) | take(25); }, 25, 25, 25);
  counts(
      "n batches", [](data d, step& s) { return d | cycle | take(25) | train(s); }, 25, 25, 25);
  counts(
      "every third", [](data d, step& s) { return d | train(s) | takenth(3); }, 3, 10, 10);
  counts(
      "two of every third", [](data d, step& s) { return d | train(s) | takenth(3) | take(2); }, 2, 6, 6);
  counts(
      "every third of five", [](data d, step& s) { return d | train(s) | take(5) | takenth(3); }, 1, 5, 5);
  counts(
      "every third batch", [](data d, step& s) { return d | takenth(3) | train(s); }, 3, 3, 10);
  counts(
      "the first ones each time", [](data d, step& s) { return d | take(2) | repeat(3) | train(s); }, 6, 6, 6);
  counts(
      "five of three epochs", [](data d, step& s) { return d | repeat(3) | take(5) | train(s); }, 5, 5, 5);
  counts(
      "until an element", [](data d, step& s) { return d | cycle | train(s) | until([n = 0](float) mutable { return ++n == 8; }); },
      7, 8, 8);
  counts(
      "some of until",
      [](data d, step& s) { return d | cycle | train(s) | until([n = 0](float) mutable { return ++n == 8; }) | take(7); }, 7, 7, 7);
  counts(
      "made ahead", [](data d, step& s) { return d | prefetch | train(s); }, 10, 10, 10);
  counts(
      "nothing", [](data d, step& s) { return d | cycle | train(s) | take(0); }, 0, 0, 0);
}

TEST(compositions, that_end_early_may_have_been_ahead) {
  std::atomic<int> drawn = 0;
  counting_step step;
  EXPECT_EQ(stage_view(source{10, &drawn}) | prefetch | train(step) | take(5) | run(), 5);
  EXPECT_EQ(step.updates, 5);
  EXPECT_GE(drawn, 5);
  EXPECT_LE(drawn, 8);
}
TEST(compositions, of_no_batches_and_of_one) {
  for (int length : {0, 1}) {
    std::atomic<int> drawn = 0;
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
  std::atomic<int> drawn = 0;
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
  std::atomic<int> drawn = 0;
  counting_step step;
  std::vector<float> log;
  auto data = stage_view(source{10, &drawn});
  EXPECT_EQ(run(record(takenth(take(repeat(data, 3) | train(step), 25), 4), log)), 6);
  EXPECT_EQ(step.updates, 25);
  ASSERT_EQ(log.size(), 6u);
  for (int k = 0; k < 6; ++k) EXPECT_EQ(log[std::size_t(k)], loss_of(4 * k + 3));
}

TEST(compositions, are_ranges_of_the_standard) {
  std::atomic<int> drawn = 0;
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
  std::atomic<int> drawn = 0;
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
