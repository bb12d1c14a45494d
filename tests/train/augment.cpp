// SPDX-License-Identifier: BSL-1.0
// augment.cpp -- in: train/augment.hpp. out: instances change in memory of the view's own, by seed, pass, batch and
// instance alone; images are shifted and mirrored whole. And batches that a transform makes.

#include <knit/data/minibatch.hpp>
#include <knit/train/views.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <range/v3/range/conversion.hpp>
#include <range/v3/view/transform.hpp>

namespace {

using namespace knit;

constexpr int features = 6;

/// Instance i begins with i.
instances<features> numbered(int n) {
  std::vector<std::uint8_t> x, y;
  for (int i = 0; i < n; ++i) {
    for (int f = 0; f < features; ++f) x.push_back(std::uint8_t(f == 0 ? i : i * 7 + f));
    y.push_back(std::uint8_t(i % 3));
  }
  return {std::move(x), std::move(y), 3};
}

/// Leaves the first element and puts something drawn in all others.
constexpr auto drawn = [](std::span<unorm8> x, generator& random) {
  for (unorm8& e : x.subspan(1)) e = unorm8(random() >> 24);
};
/// Another each time: what is in a batch now.
template <class Batch> std::vector<int> content(Batch const& b) {
  std::vector<int> all;
  for (long i = 0; i < b.x.size(); ++i) all.push_back(int(b.x[i]));
  for (long i = 0; i < b.y.size(); ++i) all.push_back(int(b.y[i]));
  return all;
}
template <class View> std::vector<std::vector<int>> contents(View view, int passes = 1) {
  std::vector<std::vector<int>> all;
  for (int pass = 0; pass < passes; ++pass)
    for (auto const b : view) all.push_back(content(b));
  return all;
}

TEST(augment, draws_by_pass_and_batch_and_instance) {
  const auto data = numbered(22);
  const auto batches = [&](std::uint64_t seed = 1) { return data | minibatch<dyn<"batch", 5>>(in_order{}) | augment(drawn, seed); };
  auto const all = contents(batches(), 2);
  ASSERT_EQ(all.size(), 10u);
  std::set<std::vector<int>> instances;  // without their numbers: none is drawn twice
  int n = 0;
  for (std::size_t b = 0; b < all.size(); ++b) {
    const std::size_t count = b % 5 == 4 ? 2 : 5;
    ASSERT_EQ(all[b].size(), count * (features + 1));
    for (std::size_t i = 0; i < count; ++i, ++n) {
      auto const first = all[b].begin() + long(i * features);
      EXPECT_EQ(*first, n % 22);
      EXPECT_EQ(all[b][count * features + i], n % 22 % 3) << "labels stay";
      instances.insert({first + 1, first + features});
    }
  }
  EXPECT_EQ(instances.size(), 44u);
  EXPECT_EQ(contents(batches(), 2), all);
  EXPECT_NE(contents(batches(2))[0], all[0]);
  // Neither what nobody read before nor another thread changes it.
  EXPECT_EQ(contents(batches() | takenth(3)), (std::vector<std::vector<int>>{all[2]}));
  EXPECT_EQ(contents(batches() | prefetch, 2), all);
  EXPECT_EQ(contents(data | minibatch<dyn<"batch", 5>>(in_order{}) | prefetch | augment(drawn), 2), all);
  EXPECT_EQ(contents(batches() | repeat(2)), all);
  auto left_early = batches();
  EXPECT_EQ(content(*left_early.begin()), all[0]);
  auto const second = contents(left_early);
  EXPECT_EQ(second, std::vector(all.begin() + 5, all.end()));
}

TEST(augment, changes_an_instance_once_and_only_what_is_its_own) {
  const auto data = numbered(8);
  const std::vector<std::uint8_t> before(data.x.begin(), data.x.end());
  int calls = 0;
  const auto up = [&calls](auto x, generator&) {
    ++calls;
    for (auto& e : x) e = unorm8(int(e) + 1);
  };
  auto view = augment(data | minibatch<4>(in_order{}), up);
  EXPECT_EQ(view.size(), 2u);
  auto at = view.begin();
  EXPECT_EQ(calls, 0);
  for (int again = 0; again < 2; ++again)
    for (long i = 0; i < 4 * features; ++i) EXPECT_EQ(int((*at).x[i]), data.x[std::size_t(i)] + 1);
  EXPECT_EQ(calls, 4);
  EXPECT_TRUE(std::equal(before.begin(), before.end(), data.x.begin()));
  ++at;
  ++at;
  EXPECT_EQ(calls, 4) << "of a batch that nobody reads";
  EXPECT_TRUE(at == view.end());
}

// ---- functions of images ---------------------------------------------------------------------------------

std::vector<int> image(int elements) {
  std::vector<int> x;
  for (int i = 0; i < elements; ++i) x.push_back(i + 1);
  return x;
}
/// Element by element: what is outside is 0.
std::vector<int> moved(std::vector<int> const& x, int width, int height, int right, int down) {
  std::vector<int> r;
  for (int i = 0; i < int(x.size()); ++i) {
    const int column = i % width - right, row = i / width % height - down, plane = i / (width * height);
    const bool inside = column >= 0 && column < width && row >= 0 && row < height;
    r.push_back(inside ? x[std::size_t((plane * height + row) * width + column)] : 0);
  }
  return r;
}
TEST(random_shift, moves_images_by_every_shift_equally_often) {
  const std::vector<std::tuple<int, int, int, int>> cases = {{4, 3, 1, 1}, {3, 5, 2, 2}, {2, 2, 3, 3}, {5, 1, 1, 0}};
  for (auto const& [width, height, channels, most] : cases) {
    auto const x = image(width * height * channels);
    std::vector<std::vector<int>> possible;
    for (int right = -most; right <= most; ++right)
      for (int down = -most; down <= most; ++down) possible.push_back(moved(x, width, height, right, down));
    std::vector<int> counts(possible.size());
    generator random(3);
    const int times = 200 * int(possible.size());
    int known = 0;
    for (int n = 0; n < times; ++n) {
      auto y = x;
      random_shift{width, height, most}(std::span(y), random);
      for (std::size_t k = 0; k < possible.size(); ++k)
        if (y == possible[k]) {
          ++counts[k], ++known;
          break;
        }
    }
    EXPECT_EQ(known, times) << width << " x " << height;
    if (most >= std::min(width, height)) continue;  // some shifts are the same
    for (int c : counts) EXPECT_NEAR(c, 200, 75);
  }
}

TEST(random_flip, mirrors_half_of_the_instances) {
  auto const x = image(12);
  const std::vector<int> mirrored = {3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10};
  generator random(3);
  int flipped = 0;
  for (int n = 0; n < 1000; ++n) {
    auto y = x;
    random_flip{3}(std::span(y), random);
    flipped += y == mirrored;
    EXPECT_TRUE(y == mirrored || y == x);
  }
  EXPECT_NEAR(flipped, 500, 80);
}

TEST(functions_of_images, refuse_what_is_none) {
  std::vector<float> x(12);
  generator random(1);
  const auto says = [&](auto f) -> std::string {
    try {
      f(std::span(x), random);
    } catch (std::invalid_argument const& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_EQ(says(random_shift{4, 3, 9}), "");
  EXPECT_EQ(says(random_shift{5, 2, 1}), "knit: an instance of 12 elements is no number of images of 5 x 2");
  EXPECT_EQ(says(random_shift{0, 2, 1}), "knit: an instance of 12 elements is no number of images of 0 x 2");
  EXPECT_EQ(says(random_shift{4, 3, -1}), "knit: random_shift moves by at most a number from 0 on, not -1");
  EXPECT_EQ(says(random_flip{7}), "knit: an instance of 12 elements is no number of images of 7 x 1");
}

// ---- batches of the user's own -------------------------------------------------------------------------------

struct centred {
  view<float, features, 4> x;
  view<std::uint8_t, 4> y;
};
struct summing_step {
  using value_type = float;
  float operator()(view<float, features, 4> const& x, view<std::uint8_t, 4> const& y) {
    float s = 0;
    for (long i = 0; i < x.size(); ++i) s += x[i] * float(i + 1);
    return s + float(y[0]);
  }
};
TEST(transform, of_batches_makes_batches) {
  const auto data = numbered(12);
  std::vector<float> memory(4 * features);
  const auto centre = ranges::views::transform([&](batch_of<features, 4> const& b) {
    for (long i = 0; i < b.x.size(); ++i) memory[std::size_t(i)] = float(int(b.x[i])) / 255 - 0.5f;
    return centred{view<float, features, 4>(memory.data()), b.y};
  });
  summing_step step;
  auto batches = data | minibatch<4>(shuffle_by{2}), same = data | minibatch<4>(shuffle_by{2});
  const auto losses = batches | centre | train(step) | repeat(2) | ranges::to<std::vector<float>>();
  ASSERT_EQ(losses.size(), 6u);
  std::vector<float> expected;
  for (int epoch = 0; epoch < 2; ++epoch)
    for (auto const b : same) {
      for (long i = 0; i < b.x.size(); ++i) memory[std::size_t(i)] = float(int(b.x[i])) / 255 - 0.5f;
      expected.push_back(step(view<float, features, 4>(memory.data()), b.y));
    }
  EXPECT_EQ(losses, expected);
  auto ahead = data | minibatch<4>(shuffle_by{2});
  EXPECT_EQ((ahead | centre | prefetch | train(step) | repeat(2) | ranges::to<std::vector<float>>()), expected);
  // And the other way round: floats are augmented as bytes are.
  const auto nothing = [](std::span<float>, generator&) {};
  auto floats = data | minibatch<4>(shuffle_by{2});
  EXPECT_EQ((floats | centre | augment(nothing) | train(step) | repeat(2) | ranges::to<std::vector<float>>()), expected);
}

}  // namespace
