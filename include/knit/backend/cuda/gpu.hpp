// SPDX-License-Identifier: BSL-1.0
// gpu.hpp -- what GPUs can do at most, and, by that, from which size on a product is left to a library's routine.
#pragma once

namespace knit::cuda {

/// What a GPU can do at most, by its maker's data sheet: float operations and bytes of its memory in a second, on so
/// many multiprocessors, and operations of its tensor cores on bf16.
struct gpu {
  char const* name;
  double flops, bytes;
  int multiprocessors;
  double bf16_flops;
};
inline constexpr gpu a100{"A100", 19.5e12, 2.0e12, 108, 312e12};   ///< SXM, 80 GB
inline constexpr gpu h100{"H100", 66.9e12, 3.35e12, 132, 989e12};  ///< SXM

/// The flops from which on a product is worth a routine: so many, and so many more for each byte of its result.
struct routine_worth {
  double flops, byte_flops;
};
/// A routine saves what our tiles lose to a library's: they load and multiply by turns, behind barriers, so half of the speed that
/// a library's pipelined ones have. It costs the two kernels before and behind it that fusion would have saved, and that its
/// result is written and read again. All four numbers are predictions, none has been measured.
constexpr routine_worth worth_of_routines(gpu const& g) {
  constexpr double ours = 0.4, theirs = 0.8;  // of all flops, at sizes that keep all multiprocessors busy
  constexpr double two_kernels = 4e-6;        // seconds
  const double saved = (1 / ours - 1 / theirs) / g.flops;  // seconds for each flop
  return {two_kernels / saved, 2 / g.bytes / saved};
}

}  // namespace knit::cuda
