// SPDX-License-Identifier: BSL-1.0
// philox.cpp -- in: core/philox.hpp. out: its bits against known answers, its distributions against their moments.

#include <knit/core/philox.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <numeric>
#include <random>
#include <vector>

namespace {

using knit::generator;
using words = std::array<std::uint32_t, 4>;

// Random123's kat_vectors for philox4x32 with 10 rounds.
struct known {
  words counter;
  std::array<std::uint32_t, 2> key;
  words result;
};
constexpr known answers[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}, {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};
static_assert(knit::philox(answers[0].counter, answers[0].key) == answers[0].result);
static_assert(knit::philox(answers[1].counter, answers[1].key) == answers[1].result);
static_assert(knit::philox(answers[2].counter, answers[2].key) == answers[2].result);

TEST(philox, gives_the_known_answers_at_run_time) {
  for (known k : answers) EXPECT_EQ(knit::philox(k.counter, k.key), k.result);
}

TEST(philox, takes_whole_numbers_low_word_first) {
  EXPECT_EQ(knit::philox(0x299f31d0a4093822, 0x0370734413198a2e, 0x85a308d3243f6a88), answers[2].result);
}

TEST(uniform01, stays_below_one_and_keeps_24_bits) {
  static_assert(knit::uniform01(0) == 0);
  static_assert(knit::uniform01(0xff) == 0);
  static_assert(knit::uniform01(0x100) == 0x1p-24f);
  static_assert(knit::uniform01(0x80000000) == 0.5f);
  static_assert(knit::uniform01(0xffffffff) == 1 - 0x1p-24f);
}

TEST(uniform01, has_the_moments_of_a_uniform) {
  constexpr int n = 1 << 18;
  double sum = 0, squares = 0;
  generator random(3);
  for (int i = 0; i < n; ++i) {
    double const u = knit::uniform01(random());
    sum += u;
    squares += u * u;
  }
  // Four standard deviations: sqrt(1/12 / n) and sqrt(4/45 / n).
  EXPECT_NEAR(sum / n, 1. / 2, 4 * std::sqrt(1. / 12 / n));
  EXPECT_NEAR(squares / n, 1. / 3, 4 * std::sqrt(4. / 45 / n));
}

TEST(normal_pair, is_the_transform_of_box_and_muller) {
  auto const last = knit::normal_pair(0xffffffff, 12345);
  EXPECT_EQ(last[0], 0);
  EXPECT_EQ(last[1], 0);
  float const most = float(std::sqrt(64 * std::log(2.)));  // 6.66
  EXPECT_FLOAT_EQ(knit::normal_pair(0, 0)[0], most);
  EXPECT_EQ(knit::normal_pair(0, 0)[1], 0);
  EXPECT_FLOAT_EQ(knit::normal_pair(0, 0x40000000)[1], most);
  EXPECT_NEAR(knit::normal_pair(0, 0x40000000)[0], 0, 1e-6);
  EXPECT_FLOAT_EQ(knit::normal_pair(0, 0x80000000)[0], -most);
  // u = 1/2, an eighth of a turn: sqrt(2 ln 2) / sqrt(2).
  for (float z : knit::normal_pair(0x7fffffff, 0x20000000)) EXPECT_FLOAT_EQ(z, float(std::sqrt(std::log(2.))));
}

TEST(normal_pair, has_the_moments_of_two_independent_normals) {
  constexpr int n = 1 << 18;
  double sum[2]{}, second[2]{}, fourth[2]{}, product = 0;
  generator random(4);
  for (int i = 0; i < n; ++i) {
    const std::uint32_t a = random(), b = random();
    auto const z = knit::normal_pair(a, b);
    for (std::size_t k = 0; k < 2; ++k) {
      double const s = double(z[k]) * z[k];
      sum[k] += z[k];
      second[k] += s;
      fourth[k] += s * s;
    }
    product += double(z[0]) * z[1];
  }
  double const deviation = 1 / std::sqrt(double(n));
  for (int k = 0; k < 2; ++k) {
    EXPECT_NEAR(sum[k] / n, 0, 4 * deviation);
    EXPECT_NEAR(second[k] / n, 1, 4 * std::sqrt(2.) * deviation);
    EXPECT_NEAR(fourth[k] / n, 3, 4 * std::sqrt(96.) * deviation);
  }
  EXPECT_NEAR(product / n, 0, 4 * deviation);
}

static_assert(std::uniform_random_bit_generator<generator>);

TEST(generator, walks_the_words_of_the_blocks_in_order) {
  // From an independent implementation.
  generator random(0x123456789abcdef0, 0xfedcba9876543210);
  for (std::uint32_t word :
       {0x90aafdc4u, 0x2d4a0d93u, 0x13f86edcu, 0x98b4ef2au, 0x1d237aa0u, 0x6cadf41du, 0x912fd5e6u, 0x5ae0422fu, 0xa2b03895u})
    EXPECT_EQ(random(), word);
}

TEST(generator, depends_on_seed_and_stream_both_halves_of_each) {
  std::vector<words> starts;
  for (std::uint64_t seed : {0ull, 1ull, 1ull << 32})
    for (std::uint64_t stream : {0ull, 1ull, 1ull << 32}) {
      generator a(seed, stream), b(seed, stream);
      const words first{a(), a(), a(), a()};
      EXPECT_EQ(first, (words{b(), b(), b(), b()}));
      starts.push_back(first);
    }
  std::ranges::sort(starts);
  EXPECT_EQ(std::ranges::adjacent_find(starts), starts.end());
}

TEST(generator, draws_below_a_bound_as_known) {
  // A quarter of all words is rejected here. From an independent implementation.
  generator random(5);
  for (std::uint32_t drawn : {2467401237u, 3168837932u, 503040007u, 1850386666u, 384780501u, 3104277295u, 2218829647u, 914038935u})
    EXPECT_EQ(random.below(3u << 30), drawn);
}

TEST(generator, draws_below_a_bound_without_bias) {
  // Without rejection, remainders and products alike would give some third half of all draws.
  constexpr int n = 1 << 16;
  for (std::uint32_t bound : {3u << 30, 3u}) {
    int count[3]{};
    generator random(6);
    for (int i = 0; i < n; ++i) {
      const std::uint32_t k = random.below(bound);
      ASSERT_LT(k, bound);
      ++count[bound == 3 ? k : k >> 30];
    }
    for (int c : count) EXPECT_NEAR(c, n / 3., 4 * std::sqrt(n * 2 / 9.));
    int low[2]{};
    for (int i = 0; i < n; ++i) ++low[random.below(bound) % 3 == 0];
    EXPECT_NEAR(low[1], n / 3., 4 * std::sqrt(n * 2 / 9.));
  }
  EXPECT_EQ(generator(6).below(1), 0u);
}

std::vector<int> shuffled(int n, std::uint64_t seed, std::uint64_t epoch) {
  std::vector<int> x(static_cast<std::size_t>(n));
  std::iota(x.begin(), x.end(), 0);
  knit::shuffle(x, seed, epoch);
  return x;
}

TEST(shuffle, gives_the_same_orders_everywhere) {
  // From an independent implementation.
  EXPECT_EQ(shuffled(10, 1, 0), (std::vector{1, 9, 3, 8, 7, 0, 5, 2, 4, 6}));
  EXPECT_EQ(shuffled(10, 1, 1), (std::vector{5, 1, 0, 4, 3, 6, 8, 9, 7, 2}));
  EXPECT_EQ(shuffled(10, (1ull << 40) + 7, 1ull << 33), (std::vector{5, 7, 9, 1, 0, 3, 2, 6, 8, 4}));
}

TEST(shuffle, works_in_a_constant_expression) {
  constexpr auto x = [] {
    std::array<int, 4> a{0, 1, 2, 3};
    knit::shuffle(a, 8, 2);
    return a;
  }();
  auto const y = shuffled(4, 8, 2);
  EXPECT_TRUE(std::ranges::equal(x, y));
}

TEST(shuffle, keeps_every_element_once) {
  for (int n : {0, 1, 1000}) {
    auto x = shuffled(n, 9, 0);
    EXPECT_EQ(std::ranges::is_sorted(x), n < 2) << n;
    std::ranges::sort(x);
    for (int i = 0; i < n; ++i) ASSERT_EQ(x[std::size_t(i)], i);
  }
}

TEST(shuffle, makes_every_order_equally_likely) {
  constexpr int n = 24 * 1000;
  std::map<std::vector<int>, int> count;
  for (int epoch = 0; epoch < n; ++epoch) ++count[shuffled(4, 10, std::uint64_t(epoch))];
  EXPECT_EQ(count.size(), 24u);
  double chi = 0;
  for (auto const& [order, c] : count) chi += (c - 1000.) * (c - 1000.) / 1000;
  EXPECT_LT(chi, 49.7);  // 23 degrees of freedom: exceeded once in 1000
  EXPECT_GT(chi, 7.5);   // and this the other way
}

}  // namespace
