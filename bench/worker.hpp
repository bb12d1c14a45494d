// SPDX-License-Identifier: BSL-1.0
// worker.hpp -- in: what a contestant computes. out: its process, as bench/peers.py talks to it, and numbers that
// every contestant makes the same. Needs nothing of knit.
#pragma once
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

namespace bench {

/// Uniform in [-1, 1), from an integer hash, so that no generator has to agree; tests/data/mnist_curve.py has it too.
inline double hashed(std::uint32_t k) {
  k *= 2654435761u;
  k ^= k >> 15;
  k *= 2246822519u;
  k ^= k >> 13;
  k *= 3266489917u;
  k ^= k >> 16;
  return double(k) / 4294967296.0 * 2 - 1;
}
/// Element (o, i) of a weight of so many outputs and inputs, its counter starting at `first`.
inline float initial_weight(int outputs, int inputs, std::uint32_t first, int o, int i) {
  return float(hashed(first + std::uint32_t(o * inputs + i)) * std::sqrt(6.0 / (inputs + outputs)));
}

/// What a run of so many steps from the initial state took, and the numbers that it yields.
struct outcome {
  double seconds;
  std::vector<double> numbers;
};

/// Times steps 0, 1, ..., each of which gives a loss.
template <class Step> outcome time_steps(int steps, Step&& step) {
  outcome r{0, std::vector<double>(std::size_t(steps))};
  const auto start = std::chrono::steady_clock::now();
  for (int s = 0; s < steps; ++s) r.numbers[std::size_t(s)] = step(s);
  r.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return r;
}

struct options {
  int threads = 1;
  std::vector<std::string> words;  ///< all others
};
/// --worker --threads N WORD...; whoever does not say --worker is told how the program is used.
inline options parse(int argc, char** argv, char const* usage) {
  options o;
  bool worker = false;
  for (int i = 1; i < argc; ++i) {
    const std::string a = argv[i];
    if (a == "--worker") worker = true;
    else if (a == "--threads" && i + 1 < argc) o.threads = std::atoi(argv[++i]);
    else o.words.push_back(a);
  }
  if (!worker) {
    std::fprintf(stderr, "%s\n", usage);
    std::exit(2);
  }
  return o;
}

struct contest {
  int curve_steps, race_steps;
  std::function<outcome(int)> run;
  std::function<double()> peak;
};

/// Answers lines until there are none; `make` gives the contest, or throws why there is none.
template <class Make> int serve(Make&& make) try {
  const contest c = make();
  for (std::string line; std::getline(std::cin, line);) {
    if (line == "curve" || line == "all") {
      for (double n : c.run(line == "all" ? c.race_steps : c.curve_steps).numbers) std::printf("%.9g ", n);
      std::printf("\n");
    } else if (line == "race") {
      const outcome r = c.run(c.race_steps);
      double sum = 0;
      for (double n : r.numbers) sum += n;
      std::printf("%.9g %.9g\n", r.seconds, sum);
    } else if (line == "peak" && c.peak) std::printf("%.6g\n", c.peak());
    else std::printf("error unknown request '%s'\n", line.c_str());
    std::fflush(stdout);
  }
  return 0;
} catch (std::exception const& e) {
  std::printf("error %s\n", e.what());
  return 1;
}

}  // namespace bench
