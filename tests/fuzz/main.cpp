// SPDX-License-Identifier: BSL-1.0
// main.cpp -- in: LLVMFuzzerTestOneInput and files, the seeds. out: it is called with each and thousands of changed ones.
//
// What stands in for libFuzzer where there is none. The changes are the same in each run, and blind to what is covered.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);

using bytes = std::vector<std::uint8_t>;

static std::vector<bytes> seeds_of(int count, char** files) {
  std::vector<bytes> seeds = {{}};
  for (int k = 0; k < count; ++k) {
    std::ifstream in(files[k], std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return seeds;
}

/// A change of a kind that libFuzzer makes. Numbers of std::mt19937 are the same everywhere, of distributions not.
static void change(bytes& b, bytes const& other, std::mt19937& random) {
  auto const below = [&](std::size_t n) { return n == 0 ? 0 : std::size_t(random() % n); };
  constexpr std::array<std::uint8_t, 12> telling = {0, 1, 0x7f, 0x80, 0xfe, 0xff, '"', '\n', ',', '0', '9', ' '};
  const std::size_t at = below(b.size()), from = below(other.size());
  auto const there = b.begin() + std::ptrdiff_t(at);
  auto const few = std::ptrdiff_t(below(std::min<std::size_t>(b.size() - at, 16) + 1));
  switch (random() % 6) {
    case 0:
      if (!b.empty()) b[at] ^= std::uint8_t(1u << random() % 8);
      break;
    case 1:
      if (!b.empty()) b[at] = telling[below(telling.size())];
      break;
    case 2: b.erase(there, there + few); break;
    case 3: b.insert(there, telling[below(telling.size())]); break;
    case 4: {
      const bytes again(there, there + few);
      b.insert(there, again.begin(), again.end());
      break;
    }
    default:  // the beginning of this, the end of another
      b.resize(at);
      b.insert(b.end(), other.begin() + std::ptrdiff_t(from), other.end());
  }
}

int main(int count, char** arguments) {
  auto const seeds = seeds_of(count - 1, arguments + 1);
  std::mt19937 random(1);
  auto const start = std::chrono::steady_clock::now();
  long run = 0;
  try {
    for (bytes const& s : seeds) LLVMFuzzerTestOneInput(s.data(), s.size()), ++run;
    // Under sanitizers and on a slow machine fewer: the time of a test counts.
    for (; run < 20000 && std::chrono::steady_clock::now() - start < std::chrono::milliseconds(500); ++run) {
      bytes b = seeds[random() % seeds.size()];
      for (auto changes = 1 + random() % 4; changes > 0; --changes) change(b, seeds[random() % seeds.size()], random);
      LLVMFuzzerTestOneInput(b.data(), b.size());
    }
  } catch (std::exception const& e) {
    std::printf("run %ld: %s\n", run, e.what());
    return 1;
  }
  std::printf("%ld runs from %zu seeds\n", run, seeds.size());
}
