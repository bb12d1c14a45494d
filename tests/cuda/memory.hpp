// SPDX-License-Identifier: BSL-1.0
// memory.hpp -- in: a program. out: memory for it, filled, and how far apart what two runs have left in theirs is.
#pragma once
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <knit/backend/cuda/host.hpp>
#include <limits>
#include <vector>

namespace cuda_run {

template <class Spec> using compiled_for = knit::compiled<Spec, knit::cuda::for_blocks>;

/// Memory that a program reads and writes: leaves, filled by numbers of a sequence, and outputs, which are NaN until it has
/// written them.
template <class Spec> struct memory {
  using P = compiled_for<Spec>;
  using number = typename P::number;
  struct alignas(64) line {
    unsigned char bytes[64];
  };
  std::vector<std::vector<line>> leaves;
  std::vector<std::vector<number>> outputs;

  /// Whether a leaf is a state of an update rule, which has squares among them.
  static constexpr bool is_state(std::size_t i) {
    if constexpr (requires { Spec::states; }) return int(i) >= Spec::parameters::count && int(i) < Spec::first_argument;
    else return false;
  }
  explicit memory(unsigned seed) {
    for (std::size_t number_of = 0; number_of < Spec::leaves.size(); ++number_of) {
      knit::leaf_info const& f = Spec::leaves[number_of];
      const std::size_t n = f.lies.storage(f.extents), bytes = n * knit::bytes_of(f.holds);
      std::vector<line>& l = leaves.emplace_back((bytes + 63) / 64);
      for (std::size_t i = 0; i < n; ++i) {
        seed = seed * 1664525u + 1013904223u;
        const double u = double(seed >> 8) / double(1 << 24);
        unsigned char* const to = l[0].bytes;
        auto put = [&](auto v) { std::memcpy(to + i * sizeof v, &v, sizeof v); };
        if (f.holds == knit::element::f32) put(is_state(number_of) ? float(u) : float(2 * u - 1) / 2);
        else if (f.holds == knit::element::f64) put(f.extents.rank == 0 ? 0.01 + u / 20 : u - 0.5);  // a rate
        else if (f.holds == knit::element::i32) put(std::int32_t(u * 10));
        else put(std::uint8_t(u * 10));
      }
    }
    for (int r = 0; r < P::roots; ++r)
      if (P::graph.roots[r].state < 0)
        outputs.emplace_back(std::size_t(P::graph.extents[P::graph.roots[r].node].size()),
                             std::numeric_limits<number>::quiet_NaN());
  }
  std::vector<void const*> leaf_addresses() const {
    std::vector<void const*> a;
    for (auto const& l : leaves) a.push_back(l.data());
    return a;
  }
  std::vector<void*> output_addresses() {
    std::vector<void*> a;
    for (auto& o : outputs) a.push_back(o.data());
    return a;
  }
};

/// Largest distance between what two runs have left in memory, relative to the largest element of each array.
template <class Spec> double distance(memory<Spec> const& a, memory<Spec> const& b) {
  double most = 0;
  auto compare = [&](auto const* x, auto const* y, std::size_t n) {
    double size = 0, apart = 0;
    for (std::size_t i = 0; i < n; ++i) {
      if (std::isfinite(double(x[i]))) size = std::max(size, std::abs(double(x[i])));
      const double d = std::abs(double(x[i]) - double(y[i]));
      const bool same = x[i] == y[i] || (x[i] != x[i] && y[i] != y[i]);
      apart = same ? apart : d == d ? std::max(apart, d) : INFINITY;
    }
    if (apart > 0) most = std::max(most, apart / size);
  };
  for (std::size_t i = 0; i < a.leaves.size(); ++i) {
    knit::leaf_info const& f = Spec::leaves[i];
    void const *const x = a.leaves[i].data(), *const y = b.leaves[i].data();
    const std::size_t n = f.lies.storage(f.extents);
    if (f.holds == knit::element::f32) compare(static_cast<float const*>(x), static_cast<float const*>(y), n);
    if (f.holds == knit::element::f64) compare(static_cast<double const*>(x), static_cast<double const*>(y), n);
  }
  for (std::size_t i = 0; i < a.outputs.size(); ++i) compare(a.outputs[i].data(), b.outputs[i].data(), a.outputs[i].size());
  return most;
}

}  // namespace cuda_run
