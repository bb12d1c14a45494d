// SPDX-License-Identifier: BSL-1.0
// unit.hpp -- in: a number. out: one in (-1, 1): what the scripts in tests/data begin with, too.
#pragma once
#include <cstdint>

namespace scripts {

/// An integer hash: see tests/data/mnist_curve.py.
inline std::uint32_t hash(std::uint32_t k) {
  k *= 2654435761u, k ^= k >> 15;
  k *= 2246822519u, k ^= k >> 13;
  k *= 3266489917u;
  return k ^ k >> 16;
}
inline double unit(std::uint32_t k) { return double(hash(k)) / 4294967296.0 * 2 - 1; }

}  // namespace scripts
