// SPDX-License-Identifier: BSL-1.0
// counters.hpp -- what a launch has done, in numbers.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace ptx {

/// Instructions as warps issue them, and as lanes execute them.
struct count {
  std::uint64_t warps = 0, lanes = 0;
  count& operator+=(count const& o) {
    warps += o.warps;
    lanes += o.lanes;
    return *this;
  }
};

/// A request is one instruction of one warp; sectors are the 32-byte pieces of memory that it touches.
struct global_traffic {
  std::uint64_t requests = 0, bytes = 0, sectors = 0;
};

/// Of 64-bit accesses half a warp, of 128-bit ones a quarter is served at once: so many wavefronts are needed in any
/// case, and `conflicts` are those beyond, from different words in one of the 32 banks.
struct shared_traffic {
  std::uint64_t requests = 0, bytes = 0, wavefronts = 0, conflicts = 0;
};

struct counters {
  std::map<std::string, count, std::less<>> opcodes;
  count all;
  std::uint64_t fma = 0;       // multiply-adds of floats, by lane; a packed pair counts twice
  std::uint64_t mma = 0;       // matrix instructions, by warp
  std::uint64_t barriers = 0;  // of whole blocks, by block
  global_traffic global_loads, global_stores;
  shared_traffic shared_loads, shared_stores;

  /// All opcodes that begin so: counters("ld.shared").
  count operator()(std::string_view prefix) const {
    count sum;
    for (auto at = opcodes.lower_bound(prefix); at != opcodes.end() && at->first.starts_with(prefix); ++at) sum += at->second;
    return sum;
  }
};

}  // namespace ptx
