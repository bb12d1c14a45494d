// SPDX-License-Identifier: BSL-1.0
// letters.hpp -- in: an einsum and sizes. out: its operands.
#pragma once
#include "arrays.hpp"

namespace arrays {

/// Letters have sizes in the order in which they first occur.
template <einsum_labels L, int... Size> struct sized {
  static constexpr int of(char letter) {
    constexpr int sizes[] = {Size...};
    char known[2 * max_rank]{};
    int seen = 0;
    for (int k = 0; k < 2; ++k)
      for (char c : L.of[k]) {
        int at = 0;
        while (at < seen && known[at] != c) ++at;
        if (c && at == seen) known[seen++] = c;
        if (c && c == letter) return sizes[at];
      }
    return 1;
  }
  template <class T, int K> static auto array(int seed) {
    return [&]<int... I>(std::integer_sequence<int, I...>) {
      return make_array<T, of(L.of[K][I])...>(seed);
    }(std::make_integer_sequence<int, L.count(K)>{});
  }
};

}  // namespace arrays
