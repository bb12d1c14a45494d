// SPDX-License-Identifier: BSL-1.0
// minibatch.cpp -- in: data/minibatch.hpp. out: batches are the source's bytes, in the order that was asked for.

#include <knit/io/npy.hpp>
#include <knit/knit.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <span>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <sys/mman.h>
#include <range/v3/range/concepts.hpp>

namespace {

using namespace knit;

/// n instances of 3 features: instance i is i, 2 i, 255 - i, its label i % 7.
instances<3> numbered(int n) {
  std::vector<std::uint8_t> x, y;
  for (int i = 0; i < n; ++i) {
    x.insert(x.end(), {std::uint8_t(i), std::uint8_t(2 * i), std::uint8_t(255 - i)});
    y.push_back(std::uint8_t(i % 7));
  }
  return {std::move(x), std::move(y), 7};
}

/// Which instance stands where in an epoch; each is compared with the source.
template <class Batches> std::vector<int> epoch_of(Batches& batches, int size) {
  std::vector<int> order;
  for (auto const b : batches) {
    for (int i = 0; i < size; ++i) {
      const int from = int(b.x(0, i));
      EXPECT_EQ(int(b.x(1, i)), (2 * from) % 256);
      EXPECT_EQ(int(b.x(2, i)), 255 - from);
      EXPECT_EQ(int(b.y(i)), from % 7);
      order.push_back(from);
    }
  }
  return order;
}

std::vector<int> first_numbers(int n) {
  std::vector<int> v;
  for (int i = 0; i < n; ++i) v.push_back(i);
  return v;
}

using four = minibatch_view<3, 4>;
static_assert(ranges::input_range<four>);
static_assert(!ranges::forward_range<four>);  // a batch is gathered where the last one was

TEST(minibatch, in_order_is_the_order_of_the_source) {
  const auto data = numbered(12);
  auto batches = data | minibatch<4>(in_order{});
  EXPECT_EQ(batches.size(), 3u);
  EXPECT_EQ(epoch_of(batches, 4), first_numbers(12));
  EXPECT_EQ(epoch_of(batches, 4), first_numbers(12));  // each epoch
  auto unsaid = data | minibatch<4>();
  EXPECT_EQ(epoch_of(unsaid, 4), first_numbers(12));
}

TEST(minibatch, drops_what_is_left_over) {
  const auto data = numbered(23);
  auto batches = data | minibatch<5>(in_order{});
  EXPECT_EQ(batches.size(), 4u);
  EXPECT_EQ(epoch_of(batches, 5), first_numbers(20));
  auto whole = data | minibatch<23>(in_order{});
  EXPECT_EQ(whole.size(), 1u);
  EXPECT_EQ(epoch_of(whole, 23), first_numbers(23));
  auto single = data | minibatch<1>(in_order{});
  EXPECT_EQ(single.size(), 23u);
  EXPECT_EQ(epoch_of(single, 1), first_numbers(23));
}

TEST(minibatch, shuffles_by_seed_and_epoch) {
  const auto data = numbered(100);
  auto batches = data | minibatch<10>(shuffle_by{42});
  for (std::uint64_t epoch = 0; epoch < 4; ++epoch) {
    EXPECT_EQ(batches.epoch(), epoch);
    auto expected = first_numbers(100);
    shuffle(expected, 42, epoch);
    const auto order = epoch_of(batches, 10);
    EXPECT_EQ(order, expected);
    auto sorted = order;
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(sorted, first_numbers(100));
    EXPECT_NE(order, first_numbers(100));
  }
}

TEST(minibatch, is_repeated_by_its_seed_and_by_no_other) {
  const auto data = numbered(60);
  auto a = data | minibatch<6>(shuffle_by{1}), b = data | minibatch<6>(shuffle_by{1}), c = data | minibatch<6>(shuffle_by{2});
  const auto first = epoch_of(a, 6), second = epoch_of(a, 6);
  EXPECT_NE(first, second);
  EXPECT_EQ(epoch_of(b, 6), first);
  EXPECT_EQ(epoch_of(b, 6), second);
  EXPECT_NE(epoch_of(c, 6), first);
}

TEST(minibatch, leaves_out_others_each_epoch) {
  const auto data = numbered(10);
  auto batches = data | minibatch<7>(shuffle_by{1});
  std::vector<bool> seen(10, false);
  for (int epoch = 0; epoch < 20; ++epoch) {
    const auto order = epoch_of(batches, 7);
    EXPECT_EQ(order.size(), 7u);
    for (int i : order) seen[std::size_t(i)] = true;
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), true), 10);
}

TEST(minibatch, may_be_read_twice_or_skipped) {
  const auto data = numbered(12);
  auto batches = data | minibatch<4>(in_order{});
  auto at = batches.begin();
  EXPECT_EQ(int((*at).x(0, 0)), 0);
  EXPECT_EQ(int((*at).x(0, 0)), 0);
  ++at;
  ++at;
  EXPECT_EQ(int((*at).x(0, 0)), 8);
  EXPECT_EQ(int((*at).y(3)), 11 % 7);
  ++at;
  EXPECT_TRUE(at == batches.end());
}

// A part of each epoch's order, as shuffle and a stride over it give it.
TEST(shard, is_dealt_from_each_epoch) {
  const auto data = numbered(47);
  for (int size : {1, 2, 3, 5}) {
    std::vector<minibatch_view<3, dyn<"batch", 4>>> ranks;
    for (int rank = 0; rank < size; ++rank) ranks.push_back(data | minibatch<dyn<"batch", 4>>(shuffle_by{6}, shard{rank, size}));
    for (std::uint64_t epoch = 0; epoch < 3; ++epoch) {
      auto order = first_numbers(47);
      shuffle(order, 6, epoch);
      for (int rank = 0; rank < size; ++rank) {
        std::vector<int> expected, got;
        for (int i = 0; i < 47 / size; ++i) expected.push_back(order[std::size_t(i * size + rank)]);
        for (auto const b : ranks[std::size_t(rank)])
          for (int i = 0; i < b.x.extent(1); ++i) got.push_back(int(b.x(0, i)));
        EXPECT_EQ(got, expected) << rank << " of " << size;
        EXPECT_EQ(ranks[std::size_t(rank)].size(), std::size_t((47 / size + 3) / 4));
      }
    }
  }
}

TEST(shard, has_with_the_others_the_batches_of_one_that_is_larger) {
  const auto data = numbered(60);
  auto whole = data | minibatch<12>(shuffle_by{6});
  auto a = data | minibatch<4>(shuffle_by{6}, shard{0, 3}), b = data | minibatch<4>(shuffle_by{6}, shard{1, 3}),
       c = data | minibatch<4>(shuffle_by{6}, shard{2, 3});
  for (int epoch = 0; epoch < 2; ++epoch) {
    auto const all = epoch_of(whole, 12), of_a = epoch_of(a, 4), of_b = epoch_of(b, 4), of_c = epoch_of(c, 4);
    ASSERT_EQ(of_a.size(), 20u);
    for (std::size_t n = 0; n < 5; ++n) {
      std::vector<int> together;
      for (auto const* part : {&of_a, &of_b, &of_c})
        together.insert(together.end(), part->begin() + long(4 * n), part->begin() + long(4 * n + 4));
      std::vector<int> batch(all.begin() + long(12 * n), all.begin() + long(12 * n + 12));
      std::sort(together.begin(), together.end());
      std::sort(batch.begin(), batch.end());
      EXPECT_EQ(together, batch);
    }
  }
}

TEST(shard, leaves_out_what_cannot_be_dealt_equally) {
  const auto data = numbered(11);
  std::vector<int> got;
  for (int rank = 0; rank < 3; ++rank) {
    auto part = data | minibatch<1>(in_order{}, shard{rank, 3});
    EXPECT_EQ(part.size(), 3u);
    for (int i : epoch_of(part, 1)) got.push_back(i);
  }
  std::sort(got.begin(), got.end());
  EXPECT_EQ(got, first_numbers(9));
}

TEST(shard, is_refused_if_there_is_none_or_too_little_of_it) {
  const auto data = numbered(11);
  const auto says = [&](shard part) -> std::string {
    try {
      data | minibatch<4>(shuffle_by{1}, part);
    } catch (std::exception const& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_EQ(says({0, 2}), "");
  EXPECT_EQ(says({2, 2}), "knit: a shard has a rank of 0 .. size - 1, not 2 of a size of 2");
  EXPECT_EQ(says({-1, 2}), "knit: a shard has a rank of 0 .. size - 1, not -1 of a size of 2");
  EXPECT_EQ(says({0, 0}), "knit: a shard has a rank of 0 .. size - 1, not 0 of a size of 0");
  EXPECT_EQ(says({0, 3}), "knit: 3 instances, one of 3 parts of 11, are fewer than a batch of 4; make the batch smaller");
  EXPECT_EQ(says({0, 12}), "knit: 0 instances, one of 12 parts of 11, are fewer than a batch of 4; make the batch smaller");
}

TEST(minibatch, has_copies_that_share_its_position) {
  const auto data = numbered(12);
  auto batches = data | minibatch<4>(in_order{});
  auto copy = batches;
  auto at = batches.begin();
  ++at;
  EXPECT_EQ(int((*at).x(0, 0)), 4);
  EXPECT_EQ(int((*copy.begin()).x(0, 0)), 0);  // begins anew
  EXPECT_EQ(int((*at).x(0, 0)), 0) << "and so has the other";
  EXPECT_EQ(batches.epoch(), 2u);
}

TEST(minibatch, refuses_too_few_instances) {
  const auto data = numbered(3);
  try {
    data | minibatch<4>(shuffle_by{1});
    FAIL() << "nothing was thrown";
  } catch (data_error const& e) {
    EXPECT_EQ(std::string(e.what()), "knit: 3 instances are fewer than a batch of 4; make the batch smaller");
  }
  const instances<3> none;
  EXPECT_THROW(none | minibatch<1>(in_order{}), data_error);
}

/// w . x + b for each x, and the mean of squares of what it lacks.
template <class W, class B> struct line {
  BOOST_HANA_DEFINE_STRUCT(line, (W, w), (B, b));
  template <class X> constexpr auto operator()(X&& x) const { return w * std::forward<X>(x) + b; }
  template <class X, class Y> constexpr auto operator()(X&& x, Y&& y) const {
    return mse(reshape<std::remove_cvref_t<Y>::shape.extent[0]>((*this)(std::forward<X>(x))), std::forward<Y>(y));
  }
};
template <class W, class B> line(W, B) -> line<W, B>;
/// Several at once.
template <class W, class B> struct lines {
  BOOST_HANA_DEFINE_STRUCT(lines, (W, w), (B, b));
  constexpr auto operator()(auto x, auto y) const { return mse(w * x + b, y); }
};
template <class W, class B> lines(W, B) -> lines<W, B>;

TEST(minibatch, of_floats_trains_from_mapped_files_as_from_memory) {
  const auto folder = std::filesystem::path(KNIT_TEST_DATA) / "npy";
  using points = instances<3, float, float>;
  const points read(read_npy<float>(folder / "points.npy"), read_npy<float>(folder / "targets.npy"));
  const points there(map_npy<float>(folder / "points.npy"), map_npy<float>(folder / "targets.npy"));
  auto const train = [](points const& data) {
    line model{tensor<float, 1, 3>(), tensor<float, 1>()};
    std::vector<float> numbers;
    for (float loss : data | minibatch<16>(shuffle_by{1}) | repeat(100) | sgd(model, {.lr = 0.3})) numbers.push_back(loss);
    for (int k = 0; k < 3; ++k) numbers.push_back(model.w(0, k));
    numbers.push_back(model.b(0));
    return numbers;
  };
  const auto numbers = train(read);
  ASSERT_EQ(numbers.size(), 404u);
  EXPECT_EQ(train(there), numbers);
  EXPECT_GT(numbers[0], 0.1f);
  const float expected[] = {1, -2, 0.5, 0.25};  // what the targets were made with
  for (int k = 0; k < 4; ++k) EXPECT_NEAR(numbers[std::size_t(400 + k)], expected[k], 1e-4f) << k;
}

static_assert(std::is_same_v<decltype(batch_of<3, 4>::x), view<unorm8, 3, 4>>);
static_assert(std::is_same_v<decltype(batch_of<3, 4, double, std::int32_t>::y), view<std::int32_t, 4>>);

static_assert(std::is_same_v<decltype(batch_of<3, 4, float, float[2]>::y), view<float, 2, 4>>);

TEST(minibatch, shares_the_data) {
  const auto make = [] {
    const auto data = numbered(12);
    return std::pair(data | minibatch<4>(in_order{}), numbered(8) | minibatch<4>(in_order{}));
  };
  auto [of_a_local, of_a_temporary] = make();
  EXPECT_EQ(epoch_of(of_a_local, 4), first_numbers(12));
  EXPECT_EQ(epoch_of(of_a_temporary, 4), first_numbers(8));
}

TEST(minibatch, of_what_a_program_has_trains_on_vectors) {
  std::vector<double> x, y;
  for (int i = 0; i < 40; ++i) {
    x.push_back(uniform01(philox(5, 0, std::uint64_t(i))[0]));
    for (double slope : {1.0, -2.0, 0.5}) y.push_back(slope * x.back() + 0.25);
  }
  const instances<1, double, double[3]> data(x, y);
  for (auto const b : data | minibatch<dyn<"batch", 16>>(shuffle_by{1}))
    for (int i = 0; i < b.y.extent(1); ++i) EXPECT_EQ(b.y(1, i), -2 * b.x(0, i) + 0.25);
  lines model{tensor<double, 3, 1>(), tensor<double, 3>()};
  data | minibatch<8>(shuffle_by{1}) | repeat(400) | sgd(model, {.lr = 0.5}) | run();
  EXPECT_NEAR(model.w(1, 0), -2, 1e-6);
  EXPECT_NEAR(model.b(2), 0.25, 1e-6);
}

// Nothing is counted in 32 bits that has no room there. (Of labels that are measured nothing is read before their batch is.)
TEST(minibatch, of_as_many_instances_as_there_may_be) {
  constexpr std::size_t most = std::numeric_limits<int>::max();
  void* const zeros = mmap(nullptr, most * sizeof(float), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(zeros, MAP_FAILED);
  {
    const instances<1, unorm8, float> data(std::span(static_cast<std::uint8_t const*>(zeros), most),
                                           std::span(static_cast<float const*>(zeros), most));
    EXPECT_EQ(data.size, int(most));
    auto batches = data | minibatch<dyn<"batch", 100>>(in_order{});
    EXPECT_EQ(batches.size(), 21474837u);
    batches.seek({{}, 1, 21474836, 100, data.size});
    EXPECT_EQ(batches.size(), 1u);
    for (auto const b : batches) EXPECT_EQ(b.y.extent(0), 47);
    auto halves = data | minibatch<dyn<"batch", 100>>(in_order{}, shard{1, 2});
    EXPECT_EQ(halves.size(), 10737419u);
    halves.seek({{}, 1, 10737418, 100, data.size / 2});
    for (auto const b : halves) EXPECT_EQ(b.y.extent(0), 23);
  }
  munmap(zeros, most * sizeof(float));
}

// Of a pass that goes on in the middle of an epoch, and of whole ones behind it.
TEST(minibatch, has_a_size_behind_every_view_that_was_put_somewhere) {
  const auto data = numbered(22);
  std::ostringstream screen;
  const auto check = [&](char const* what, auto view, int from) {
    auto batches = data | minibatch<4>(shuffle_by{1});
    if (from > 0) batches.seek(batches.position_after(std::uint64_t(from)));
    auto made = view(batches);
    const auto size = ranges::size(made);
    std::size_t count = 0;
    for (auto&& b : made) static_cast<void>(b), ++count;
    EXPECT_EQ(size, count) << what << " from " << from;
    EXPECT_EQ(ranges::size(made), made.later_size()) << what;
  };
  const auto nothing = [](auto const&...) {};
  for (int from : {0, 3, 5, 7}) {
    check(
        "repeat", [](auto b) { return b | repeat(3); }, from);
    check(
        "no repeat", [](auto b) { return b | repeat(0); }, from);
    check(
        "repeat of repeat", [](auto b) { return b | repeat(2) | repeat(3); }, from);
    check(
        "take", [](auto b) { return b | take(3) | repeat(3); }, from);
    check(
        "takenth", [](auto b) { return b | takenth(2) | repeat(3); }, from);
    check(
        "takenth of repeat", [](auto b) { return b | repeat(3) | takenth(2); }, from);
    check(
        "cycle", [](auto b) { return b | cycle | take(7) | repeat(2); }, from);
    check(
        "tap", [&](auto b) { return b | tap(nothing) | repeat(2); }, from);
    check(
        "augment", [&](auto b) { return b | augment(nothing) | repeat(2); }, from);
    check(
        "prefetch", [](auto b) { return b | prefetch | repeat(2); }, from);
    check(
        "progress", [&](auto b) { return b | progress("", {.steps = 1000, .to = &screen}) | repeat(2); }, from);
  }
  EXPECT_NE(screen.str().find(" 2/2,"), std::string::npos) << "of a pass from the third batch on";
}

TEST(minibatch, goes_on_where_another_was) {
  const auto data = numbered(22);  // five batches of four, and two instances left over
  const auto order = [&](auto& batches, int n) {
    std::vector<int> all;
    while (n > 0)
      for (auto const b : batches) {
        for (int i = 0; i < b.y.extent(0); ++i) all.push_back(int(b.x(0, i)));
        if (--n == 0) break;
      }
    return all;
  };
  const auto check = [&](auto make) {
    auto whole = make(3);
    const auto all = order(whole, 14);
    for (int n = 0; n <= 12; ++n) {
      auto first = make(3), second = make(4);
      auto seen = order(first, n);
      order(second, n % 4);
      second.seek(first.position());
      auto after = make(4);
      after.seek(whole.position_after(std::uint64_t(n)));
      const auto a = second.position(), b = after.position();
      EXPECT_EQ(std::tuple(a.seed, a.epoch, a.batch), std::tuple(b.seed, b.epoch, b.batch)) << n;
      const int rest = int(second.size());
      const auto next = order(second, 14 - n);
      seen.insert(seen.end(), next.begin(), next.end());
      EXPECT_EQ(seen, all) << n;
      EXPECT_EQ(rest, int(whole.size()) - (n == 0 ? 0 : n % int(whole.size()))) << n;
      EXPECT_EQ(second.size(), whole.size());
    }
  };
  check([&](std::uint64_t seed) { return data | minibatch<4>(shuffle_by{seed}); });
  check([&](std::uint64_t seed) { return data | minibatch<dyn<"batch", 4>>(shuffle_by{seed}); });
  check([&](std::uint64_t) { return data | minibatch<4>(in_order{}); });
  check([&](std::uint64_t seed) { return data | minibatch<2>(shuffle_by{seed}, shard{1, 2}); });
}

// Which must not be, but is no way out of the data.
TEST(minibatch, ends_where_it_is_put_behind_the_last_in_a_pass) {
  const auto data = numbered(8);
  auto batches = data | minibatch<2>(in_order{});
  auto at = ranges::begin(batches);
  EXPECT_EQ((*at).y.size(), 2);
  batches.seek(batches.position_after(4));
  ++at;
  EXPECT_TRUE(at == ranges::end(batches));
}

TEST(minibatch, is_not_put_where_nothing_was) {
  const auto data = numbered(22);
  auto batches = data | minibatch<4>(shuffle_by{1});
  const auto at = batches.position_after(7);
  const auto refused = [&](auto change) {
    auto wrong = at;
    change(wrong);
    EXPECT_THROW(batches.seek(wrong), data_error);
    EXPECT_EQ(batches.epoch(), 0u);
  };
  refused([](auto& p) { p.batch = 6; });
  refused([](auto& p) { p.batch = -1; });
  refused([](auto& p) { p.epoch = 0; });
  refused([](auto& p) { p.instances = 21; });
  refused([](auto& p) { p.batch_size = 5; });
  batches.seek(at);
  EXPECT_EQ(batches.epoch(), 2u);
}

}  // namespace
