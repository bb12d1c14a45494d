// SPDX-License-Identifier: BSL-1.0
// philox.hpp -- in: a counter and a key. out: random bits, uniforms, normals and permutations, the same everywhere.
#pragma once
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>
#include <span>
#include <stdexcept>
#include <utility>

namespace knit {

/// Philox 4x32-10: 128 random bits as a function of a 128-bit counter and a 64-bit key, with no state. For one
/// key, different counters give different results. Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers:
/// as easy as 1, 2, 3", SC'11.
constexpr std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53} * counter[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {std::uint32_t(b >> 32) ^ counter[1] ^ key[0], std::uint32_t(b), std::uint32_t(a >> 32) ^ counter[3] ^ key[1],
               std::uint32_t(a)};
    key = {key[0] + 0x9E3779B9u, key[1] + 0xBB67AE85u};
  }
  return counter;
}

/// The same with the key and the halves of the counter as whole numbers: block `index` of `stream` under `seed`.
constexpr std::array<std::uint32_t, 4> philox(std::uint64_t seed, std::uint64_t stream, std::uint64_t index) {
  return philox({std::uint32_t(index), std::uint32_t(index >> 32), std::uint32_t(stream), std::uint32_t(stream >> 32)},
                {std::uint32_t(seed), std::uint32_t(seed >> 32)});
}

/// A multiple of 2^-24 in [0, 1), from the upper 24 of 32 random bits: exact, so the same on every platform.
constexpr float uniform01(std::uint32_t bits) { return float(bits >> 8) * 0x1p-24f; }

/// Two independent normals of mean 0 and variance 1 from 2 x 32 random bits, by Box and Muller's transform. In
/// double and rounded once, so that platforms can differ only where their libraries round a tie differently.
/// No value exceeds 6.67 in magnitude. Source: Box, Muller, Ann. Math. Stat. 29 (1958).
inline std::array<float, 2> normal_pair(std::uint32_t a, std::uint32_t b) {
  double const radius = std::sqrt(-2 * std::log((double(a) + 1) * 0x1p-32));  // the logarithm's operand is in (0, 1]
  double const angle = 2 * std::numbers::pi * (double(b) * 0x1p-32);
  return {float(radius * std::cos(angle)), float(radius * std::sin(angle))};
}

/// 32 random bits at a time: the blocks 0, 1, 2, ... of one stream under one seed, each word in turn. Different
/// (seed, stream) are different sequences of 2^66 numbers. Models std::uniform_random_bit_generator.
class generator {
 public:
  using result_type = std::uint32_t;

  constexpr explicit generator(std::uint64_t seed, std::uint64_t stream = 0) : seed_(seed), stream_(stream) {}

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }

  constexpr result_type operator()() {
    if (word_ == 4) {
      block_ = philox(seed_, stream_, index_++);
      word_ = 0;
    }
    return block_[word_++];
  }

  /// A whole number of 0 .. bound - 1, all equally likely, bound >= 1. Unlike std::uniform_int_distribution it is
  /// the same on every platform. Source: Lemire, ACM Trans. Model. Comput. Simul. 29 (2019).
  constexpr std::uint32_t below(std::uint32_t bound) {
    std::uint64_t product = std::uint64_t{(*this)()} * bound;
    if (std::uint32_t(product) < bound) {
      const std::uint32_t surplus = (0u - bound) % bound;
      while (std::uint32_t(product) < surplus) product = std::uint64_t{(*this)()} * bound;
    }
    return std::uint32_t(product >> 32);
  }

 private:
  std::uint64_t seed_, stream_, index_ = 0;
  std::array<std::uint32_t, 4> block_{};
  std::size_t word_ = 4;
};

/// Reorders x at random (Fisher, Yates), every order equally likely: a function of seed, epoch and x's size alone,
/// on every platform. Throws std::length_error beyond 2^32 - 1 elements, before it moves any.
constexpr void shuffle(std::span<int> x, std::uint64_t seed, std::uint64_t epoch) {
  if (x.size() > generator::max()) throw std::length_error("knit: shuffle is for fewer than 2^32 elements");
  // A key of its own ("shuf"), so that orders, weights and masks drawn with one seed know nothing of each other.
  generator random(seed ^ std::uint64_t{0x73687566} << 32, epoch);
  for (std::size_t left = x.size(); left > 1; --left) std::swap(x[left - 1], x[random.below(std::uint32_t(left))]);
}

}  // namespace knit
